"""Changes of the key set. Each counts its version up in its own transaction.

Each can be repeated: done already, it changes nothing, the version included. All of them lock the
row of the version first, so that two operators take turns.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from coditect_license_token import KeyStatus
from coditect_license_token.revocations import MAX_REVOKED
from signing.errors import RotationRefused, UnsafeKey
from signing.models import KeySetVersion, Revocation, SigningKey
from signing.queries import THE_ROW, active_key, key_set_version, next_key
from signing.rotation_steps import LONGEST_TOKEN_SECONDS
from signing.signer import Signer
from soft_state.notices import BOARD, Topic

VERSIONS_OF_A_BACKUP: Final = 1_000
"""More changes than a key set sees between a backup and its restore."""

_CLOCKS_SECONDS: Final = 3_600
"""Clocks of clients that lag: a revoked signer or session is named for so much longer."""


@transaction.atomic
def remember_root(signer: Signer, *, now: datetime, location: str = "") -> SigningKey:
    """Store the root's public key as the one active key; the one before it becomes retired.

    For the first root of an installation, and for a development key that gives way to a real one.
    Changes nothing, the version included, when it already is. Raises UnsafeKey for a key that was
    revoked: signing with it again takes a person's decision.
    """
    _lock()
    known = SigningKey.objects.filter(key_id=signer.key_id).first()
    if known is not None and known.status == KeyStatus.ACTIVE.value:
        return _located(known, location)
    if known is not None and known.status == KeyStatus.REVOKED.value:
        raise UnsafeKey(f"the root key {signer.key_id} was revoked")
    active = SigningKey.objects.filter(status=KeyStatus.ACTIVE.value)
    active.update(status=KeyStatus.RETIRED.value)
    root = known if known is not None else _row(signer, location, now)
    root.status, root.laid_down_at = KeyStatus.ACTIVE.value, None
    root.save()
    _count_change()
    return _located(root, location)


@transaction.atomic
def publish_next(signer: Signer, *, location: str, link: str, now: datetime) -> SigningKey:
    """Store a key as the next root, and what the active root says of it (``link``, or nothing).

    Raises RotationRefused when another key is next already, UnsafeKey for one that had its turn.
    """
    _lock()
    known = SigningKey.objects.filter(key_id=signer.key_id).first()
    if known is not None and known.status == KeyStatus.NEXT.value:
        return known
    if known is not None:
        raise UnsafeKey(f"the key {signer.key_id} is {known.status} already")
    waiting = next_key()
    if waiting is not None:
        raise RotationRefused(f"the key {waiting.key_id} is next already")
    row = _row(signer, location, now)
    row.status = KeyStatus.NEXT.value
    row.save()
    SigningKey.objects.filter(status=KeyStatus.ACTIVE.value).update(link=link)
    _count_change()
    return row


@transaction.atomic
def make_active(key_id: str) -> None:
    """Let the next root be the active one, and the active one be retired.

    Raises RotationRefused for a key that is not next.
    """
    _lock()
    row = _known(key_id)
    if row.status == KeyStatus.ACTIVE.value:
        return
    if row.status != KeyStatus.NEXT.value:
        raise RotationRefused(f"the key {key_id} is {row.status}, not next")
    SigningKey.objects.filter(status=KeyStatus.ACTIVE.value).update(status=KeyStatus.RETIRED.value)
    SigningKey.objects.filter(key_id=key_id).update(status=KeyStatus.ACTIVE.value)
    _count_change()


@transaction.atomic
def lay_down(key_id: str, *, now: datetime) -> None:
    """Let a root sign nothing more; what it signed goes on to verify.

    A root that is next is retired by this. Raises RotationRefused for the active one.
    """
    _lock()
    row = _known(key_id)
    if row.status == KeyStatus.ACTIVE.value:
        raise RotationRefused(f"the key {key_id} is the active one")
    if row.laid_down_at is not None:
        return
    row.laid_down_at = now
    if row.status == KeyStatus.NEXT.value:
        row.status = KeyStatus.RETIRED.value
    row.save()
    _count_change()


def require_successor(key_id: str) -> None:
    """Raise RotationRefused when a root cannot be revoked because no other could take over."""
    active = active_key()
    if active is not None and active.key_id == key_id and next_key() is None:
        raise RotationRefused(
            "no key is next, nobody could sign that this one is revoked; first run "
            "rotate_signing_key --until publish"
        )


@transaction.atomic
def revoke_root(key_id: str, *, now: datetime) -> SigningKey:
    """Have nothing that a root signed count any more; return the root that signs from now on.

    When it is the active one, the next takes its place in the same transaction: raises
    RotationRefused when there is none, because then nobody could sign that it is revoked.
    """
    _lock()
    row = _known(key_id)
    if row.status != KeyStatus.REVOKED.value:
        require_successor(key_id)
        successor = next_key()
        was_active = row.status == KeyStatus.ACTIVE.value
        SigningKey.objects.filter(key_id=key_id).update(
            status=KeyStatus.REVOKED.value, revoked_at=now, laid_down_at=now
        )
        if was_active and successor is not None:
            SigningKey.objects.filter(key_id=successor.key_id).update(status=KeyStatus.ACTIVE.value)
        _count_change()
    signs = active_key()
    if signs is None:
        raise RotationRefused("no key is active")
    return signs


@transaction.atomic
def revoke_name(name: str, *, is_session: bool, now: datetime) -> None:
    """List a delegated key or a session as revoked, until nothing that names it is in force.

    Raises RotationRefused when the list is full: then it is the root that has to go.
    """
    _lock()
    listed = Revocation.objects.filter(is_session=is_session, forget_at__gt=now)
    if listed.filter(name=name).exists():
        return
    roots = SigningKey.objects.filter(status=KeyStatus.REVOKED.value).count()
    if listed.count() + (0 if is_session else roots) >= MAX_REVOKED:
        raise RotationRefused(f"the revocation list has {MAX_REVOKED} entries: revoke the root")
    forget_at = now + timedelta(seconds=LONGEST_TOKEN_SECONDS + _CLOCKS_SECONDS)
    Revocation.objects.update_or_create(
        name=name,
        defaults={"is_session": is_session, "revoked_at": now, "forget_at": forget_at},
    )
    _count_change()


@transaction.atomic
def outrun_backup() -> None:
    """Count up far enough that a restored database publishes no version that clients have seen.

    Does no harm when it was not needed.
    """
    _lock()
    KeySetVersion.objects.filter(id=THE_ROW).update(version=F("version") + VERSIONS_OF_A_BACKUP)
    BOARD.announce(Topic.KEY_SET, about="")


def _row(signer: Signer, location: str, now: datetime) -> SigningKey:
    return SigningKey(
        key_id=signer.key_id,
        algorithm=signer.algorithm.value,
        pem=signer.public_key.pem(),
        location=location,
        published_version=key_set_version() + 1,
        not_before=now,
        created_at=now,
    )


def _located(row: SigningKey, location: str) -> SigningKey:
    """Note where a key lives that was stored before places were."""
    if location and not row.location:
        row.location = location
        row.save(update_fields=["location"])
    return row


def _known(key_id: str) -> SigningKey:
    row = SigningKey.objects.filter(key_id=key_id).first()
    if row is None:
        raise UnsafeKey(f"no root has the key id {key_id}")
    return row


def _lock() -> None:
    """Take the row that every change of the key set takes first."""
    KeySetVersion.objects.get_or_create(id=THE_ROW, defaults={"version": 0})
    KeySetVersion.objects.select_for_update().get(id=THE_ROW)


def _count_change() -> None:
    KeySetVersion.objects.filter(id=THE_ROW).update(version=F("version") + 1)
    BOARD.announce(Topic.KEY_SET, about="")
