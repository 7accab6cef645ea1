"""The key set as the world sees it: one document signed by the root, and a plain JWKS."""

import logging
from dataclasses import dataclass
from typing import Any, Final

from django.db import DatabaseError

from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    Roots,
    TokenError,
    open_keyset,
    seal_keyset,
)
from signing import queries
from signing.errors import SigningUnavailable
from signing.root import Root

_log = logging.getLogger(__name__)

LIFETIME_SECONDS: Final = 86_400
LOWEST_PROFILE: Final = 1
"""Clients may still take license_data (1) as well as license_token (2)."""

MOST_SECONDS_UNSEEN: Final = 60
"""How long the key set is published without a look at its version: a key that was revoked elsewhere
is shown as good for no longer, notice or none."""

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class _Published:
    keyset: KeySet
    document: dict[str, Any]

    def is_fresh(self, now: int) -> bool:
        """Return whether at least half of its life is left, on a clock that did not jump back."""
        return self.keyset.issued_at <= now <= self.keyset.expires_at - LIFETIME_SECONDS // 2

    def is_in_force(self, now: int) -> bool:
        """Return whether clients still take it."""
        return self.keyset.issued_at <= now < self.keyset.expires_at


class PublishedKeys:
    """Builds and root-signs the key set, and keeps it until it changes or half of its day is gone.

    A call that builds reads the database and waits for the root: from an event loop, call in a
    worker thread. Two threads may build at the same time, and both results are good.
    """

    def __init__(self, root: Root, *, issuer: str) -> None:
        self._root = root
        self._issuer = issuer
        self._published: _Published | None = None
        self._seen_at: int | None = None

    def expire(self) -> None:
        """Look at the version before the document is next given. For any thread; reads nothing."""
        self._seen_at = None

    def document(self, now: int) -> dict[str, Any]:
        """Return ``{"keyset": <compact JWS>, "version": n, "keys": [JWK with status and pem]}``.

        ``now`` is in seconds since the epoch. The plain members repeat what the signed one says,
        for people and for clients without JOSE. While the root cannot sign, the document at hand is
        given until its end. Raises SigningUnavailable after that, and when no key is stored yet.
        """
        published = self._published
        if published is None or not published.is_fresh(now) or self._has_changed(published, now):
            self._seen_at = now  # before the read: a notice that comes meanwhile has it done again
            published = self._published = self._renewed(published, now)
        return published.document

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the plain JWKS (RFC 7517): every key but the revoked, without status.

        Reads the database each time it is called. Believed only as far as TLS is.
        """
        usable = [e for e in queries.key_set_entries() if e.status is not KeyStatus.REVOKED]
        return {"keys": [entry.key.jwk() for entry in usable]}

    def _has_changed(self, published: _Published, now: int) -> bool:
        """Tell whether the stored version is another; asked once in a while, and after a notice."""
        seen_at = self._seen_at
        if seen_at is not None and 0 <= now - seen_at < MOST_SECONDS_UNSEEN:
            return False
        self._seen_at = now
        try:
            return queries.key_set_version() != published.keyset.version
        except DatabaseError as failure:
            _log.error("the key set is given as it was: %s", failure)
            return False

    def _renewed(self, old: _Published | None, now: int) -> _Published:
        try:
            return self._build(now)
        except SigningUnavailable as failure:
            if old is None or not old.is_in_force(now):
                raise
            _log.error("key set not renewed: %s", failure)
            return old

    def _build(self, now: int) -> _Published:
        entries = queries.key_set_entries()
        if not entries:
            raise SigningUnavailable("no root key is stored", retry_after_seconds=_RETRY_SECONDS)
        keyset = KeySet(
            issuer=self._issuer,
            version=queries.key_set_version(),
            issued_at=now,
            expires_at=now + LIFETIME_SECONDS,
            min_profile=LOWEST_PROFILE,
            entries=entries,
        )
        members = {"version": keyset.version, "keys": [_member(entry) for entry in entries]}
        return _Published(keyset, {"keyset": self._sealed(keyset, now), **members})

    def _sealed(self, keyset: KeySet, now: int) -> str:
        root = self._root.signer
        try:
            sealed = seal_keyset(keyset, root=root)
            open_keyset(sealed, roots=Roots([root.public_key]), now=now)
        except TokenError as error:
            raise SigningUnavailable(
                "the root signed a key set that does not verify",
                retry_after_seconds=_RETRY_SECONDS,
            ) from error
        return sealed


def _member(entry: KeySetEntry) -> dict[str, Any]:
    return {**entry.key.jwk(), "status": entry.status.value, "pem": entry.key.pem()}
