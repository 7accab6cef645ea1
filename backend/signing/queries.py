"""What the signers read from the database."""

from coditect_license_token import KeySetEntry, KeyStatus, PublicKey
from signing.models import KeySetVersion, SigningKey

THE_ROW = 1


def key_set_version() -> int:
    """Return how often the key set changed; 0 before the first key."""
    row = KeySetVersion.objects.filter(id=THE_ROW).first()
    return row.version if row is not None else 0


def key_set_entries() -> tuple[KeySetEntry, ...]:
    """Return every root key ever used, oldest first, revoked ones too: clients must hear of them.

    Raises MalformedDocument when a stored key cannot be read.
    """
    return tuple(_entry(row) for row in SigningKey.objects.order_by("created_at", "key_id"))


def active_public_key() -> PublicKey | None:
    """Return the public key that signs, as it was stored, or None before the first."""
    row = SigningKey.objects.filter(status=KeyStatus.ACTIVE.value).first()
    return PublicKey.from_pem(row.pem) if row is not None else None


def _entry(row: SigningKey) -> KeySetEntry:
    return KeySetEntry(
        key=PublicKey.from_pem(row.pem),
        status=KeyStatus(row.status),
        not_before=int(row.not_before.timestamp()),
        expires_at=int(row.expires_at.timestamp()) if row.expires_at is not None else None,
    )
