"""What the signers read from the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db import connection

from coditect_license_token import KeySetEntry, KeyStatus, PublicKey
from coditect_license_token.succession import MAX_LINKS
from foundation.clock import utc_now
from signing.errors import SigningUnavailable
from signing.models import KeyRotation, KeySetVersion, Revocation, SigningKey

THE_ROW = 1
MOST_PUBLISHED: Final = 8
"""Keys of a published set: all that sign or will, and the newest of the others. It keeps the answer
below the 256 KiB that clients read."""

_MOST_LOOKS: Final = 5
_RETRY_SECONDS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeys:
    """All that is published, as it was at one version."""

    version: int
    entries: tuple[KeySetEntry, ...]
    links: tuple[str, ...]
    revoked_key_ids: tuple[str, ...]
    revoked_session_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRoot:
    """A root that may sign: ``public_key`` is what we keep of it."""

    location: str
    status: KeyStatus
    public_key: PublicKey


def database_now() -> datetime:
    """Return the database's present instant: operators' clocks differ, and waits are long."""
    if connection.vendor != "postgresql":
        return utc_now()  # the same machine
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (instant,) = cursor.fetchone()
    return datetime.fromtimestamp(instant.timestamp(), UTC)


def key_set_version() -> int:
    """Return how often the key set changed; 0 before the first key."""
    row = KeySetVersion.objects.filter(id=THE_ROW).first()
    return row.version if row is not None else 0


def key_set_entries() -> tuple[KeySetEntry, ...]:
    """Return every root key ever used, oldest first, revoked ones too: clients must hear of them.

    Raises MalformedDocument when a stored key cannot be read.
    """
    return tuple(_entry(row) for row in SigningKey.objects.all())


def stored_keys(now: datetime) -> StoredKeys:
    """Return what is to be published, all of it of one version.

    Raises SigningUnavailable when it changes faster than it can be read.
    """
    for _ in range(_MOST_LOOKS):
        version = key_set_version()
        read = _stored_keys(version, now)
        if key_set_version() == version:
            return read
    raise SigningUnavailable("the key set keeps changing", retry_after_seconds=_RETRY_SECONDS)


def signing_roots() -> tuple[StoredRoot, ...]:
    """Return the roots that may sign, oldest first: the next, the active, retired ones in use."""
    rows = SigningKey.objects.filter(laid_down_at=None).exclude(status=KeyStatus.REVOKED.value)
    return tuple(
        StoredRoot(
            location=row.location,
            status=KeyStatus(row.status),
            public_key=PublicKey.from_pem(row.pem),
        )
        for row in rows
    )


def revoked_key_ids(now: datetime) -> frozenset[str]:
    """Return the ids of all revoked keys, roots and delegated ones."""
    return frozenset((*_revoked_roots(), *_revoked(now, is_session=False)))


def active_key() -> SigningKey | None:
    """Return the row of the root that signs."""
    return SigningKey.objects.filter(status=KeyStatus.ACTIVE.value).first()


def next_key() -> SigningKey | None:
    """Return the row of the root that is published to sign next."""
    return SigningKey.objects.filter(status=KeyStatus.NEXT.value).first()


def open_rotation() -> KeyRotation | None:
    """Return the rotation that is under way."""
    return KeyRotation.objects.filter(outcome="open").first()


def _stored_keys(version: int, now: datetime) -> StoredKeys:
    rows = tuple(SigningKey.objects.all())
    links = tuple(row.link for row in rows if row.link)
    return StoredKeys(
        version=version,
        entries=tuple(_entry(row) for row in _published(rows)),
        links=links[-MAX_LINKS:],
        revoked_key_ids=(*_revoked_roots(), *_revoked(now, is_session=False)),
        revoked_session_ids=tuple(_revoked(now, is_session=True)),
    )


def _published(rows: tuple[SigningKey, ...]) -> tuple[SigningKey, ...]:
    """Leave out the oldest that sign nothing more, where there are too many. Order is kept."""
    signing = {row.key_id for row in rows if row.laid_down_at is None and row.revoked_at is None}
    spare = MOST_PUBLISHED - len(signing)
    others = [row.key_id for row in rows if row.key_id not in signing]
    kept = signing.union(others[-spare:] if spare > 0 else ())
    return tuple(row for row in rows if row.key_id in kept)


def _revoked_roots() -> Iterator[str]:
    revoked = SigningKey.objects.filter(status=KeyStatus.REVOKED.value)
    yield from revoked.values_list("key_id", flat=True)


def _revoked(now: datetime, *, is_session: bool) -> Iterator[str]:
    revoked = Revocation.objects.filter(is_session=is_session, forget_at__gt=now)
    yield from revoked.order_by("revoked_at", "name").values_list("name", flat=True)


def _entry(row: SigningKey) -> KeySetEntry:
    return KeySetEntry(
        key=PublicKey.from_pem(row.pem),
        status=KeyStatus(row.status),
        not_before=int(row.not_before.timestamp()),
        expires_at=int(row.expires_at.timestamp()) if row.expires_at is not None else None,
    )
