"""Changes of the key set. Each counts its version up in its own transaction."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from coditect_license_token import KeyStatus
from signing.errors import UnsafeKey
from signing.models import KeySetVersion, SigningKey
from signing.queries import THE_ROW
from signing.signer import Signer
from soft_state.notices import BOARD, Topic


@transaction.atomic
def remember_root(signer: Signer, *, now: datetime) -> SigningKey:
    """Store the root's public key as the one active key; the one before it becomes retired.

    Changes nothing, the version included, when it already is. Raises UnsafeKey for a key that was
    revoked: signing with it again takes a person's decision.
    """
    known = SigningKey.objects.select_for_update().filter(key_id=signer.key_id).first()
    if known is not None and known.status == KeyStatus.ACTIVE.value:
        return known
    if known is not None and known.status == KeyStatus.REVOKED.value:
        raise UnsafeKey(f"the root key {signer.key_id} was revoked")
    active = SigningKey.objects.filter(status=KeyStatus.ACTIVE.value)
    active.update(status=KeyStatus.RETIRED.value)
    root = known if known is not None else _row(signer, now)
    root.status = KeyStatus.ACTIVE.value
    root.save()
    _count_change()
    return root


def _row(signer: Signer, now: datetime) -> SigningKey:
    return SigningKey(
        key_id=signer.key_id,
        algorithm=signer.algorithm.value,
        pem=signer.public_key.pem(),
        not_before=now,
        created_at=now,
    )


def _count_change() -> None:
    KeySetVersion.objects.get_or_create(id=THE_ROW, defaults={"version": 0})
    KeySetVersion.objects.filter(id=THE_ROW).update(version=F("version") + 1)
    BOARD.announce(Topic.KEY_SET, about="")
