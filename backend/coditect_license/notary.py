"""The notary that the settings name: what signs checkpoints of the audit."""

from django.conf import settings

from audit.checkpoints import Notary
from coditect_license_token.checkpoint import NoteKey
from signing.checkpoint_key import CheckpointKey
from signing.errors import UnsafeKey


def notary_from_settings() -> Notary:
    """Return the notary; embedded, its key is made in the data folder at first use.

    Raises UnsafeKey for a key that must not be used, and in production where there is none.
    """
    key = _key()
    return Notary(
        NoteKey(settings.LICENSE_AUDIT_NAME, key.public_key),
        key,
        tuple(NoteKey.from_text(text) for text in settings.LICENSE_AUDIT_RETIRED_KEYS),
    )


def _key() -> CheckpointKey:
    if settings.LICENSE_AUDIT_KEY:
        return CheckpointKey.from_pem(
            settings.LICENSE_AUDIT_KEY.encode(), place="LICENSE_AUDIT_KEY"
        )
    if not settings.EMBEDDED:
        raise UnsafeKey(
            f"LICENSE_AUDIT_KEY is not set: LICENSE_WORKLOAD is {settings.LICENSE_WORKLOAD}"
        )
    return CheckpointKey.open(settings.LICENSE_DATA_DIR / "audit-key.pem")
