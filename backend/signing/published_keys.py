"""The key set as the world sees it: one document signed by the roots, and a plain JWKS."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import DatabaseError

from coditect_license_token import KeySet, KeySetEntry, KeyStatus, Revocations
from signing import queries
from signing.editions import Edition, seal_edition
from signing.errors import SigningUnavailable
from signing.queries import StoredKeys
from signing.root import Root
from signing.signer import Signer

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
    signers: tuple[str, ...]
    """The ids of the roots that should have signed it, whether or not they could."""

    def is_fresh(self, now: int) -> bool:
        """Return whether at least half of its life is left, on a clock that did not jump back."""
        return self.keyset.issued_at <= now <= self.keyset.expires_at - LIFETIME_SECONDS // 2

    def is_in_force(self, now: int) -> bool:
        """Return whether clients still take it."""
        return self.keyset.issued_at <= now < self.keyset.expires_at


class PublishedKeys:
    """Builds the key set, has the roots sign it, keeps it until it changes or is half a day old.

    Each root that signs makes an edition of its own, so that a client that believes any of them
    can verify it (docs/adr/0015). A call that builds reads the database and waits for the roots:
    from an event loop, call in a worker thread. Two threads may build at the same time, and both
    results are good.
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
        """Return the key set, signed, with its links and each key as JWK and PEM.

        ``now`` is in seconds since the epoch. ``keyset`` is the edition of the oldest root that
        signs, for clients that look at nothing else; the plain members ``version`` and ``keys``
        repeat what the signed one says, for people and for clients without JOSE. While no root can
        sign, the document at hand is given until its end. Raises SigningUnavailable after that, and
        when no key is stored yet.
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
        """Tell whether version or roots are others; asked once in a while, and after a notice."""
        if published.signers != _ids(self._signers(published.keyset)):
            return True
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
        stored = queries.stored_keys(datetime.fromtimestamp(now, UTC))
        if not stored.entries:
            raise SigningUnavailable("no root key is stored", retry_after_seconds=_RETRY_SECONDS)
        keyset, revocations = self._unsigned(stored, now)
        signers = self._signers(keyset)
        editions = _sealed(keyset, revocations, signers, now)
        document = {
            "keyset": editions[0].keyset,
            "editions": [edition.member() for edition in editions],
            "links": list(stored.links),
            "version": keyset.version,
            "keys": [_member(entry) for entry in keyset.entries],
        }
        return _Published(keyset, document, _ids(signers))

    def _unsigned(self, stored: StoredKeys, now: int) -> tuple[KeySet, Revocations]:
        common: dict[str, Any] = {
            "issuer": self._issuer,
            "version": stored.version,
            "issued_at": now,
            "expires_at": now + LIFETIME_SECONDS,
        }
        revocations = Revocations(
            key_ids=stored.revoked_key_ids, session_ids=stored.revoked_session_ids, **common
        )
        return KeySet(min_profile=LOWEST_PROFILE, entries=stored.entries, **common), revocations

    def _signers(self, keyset: KeySet) -> tuple[Signer, ...]:
        """Return the roots that sign a set, in its order, oldest first: none that it revokes."""
        keys = self._root.keys
        held = {signer.key_id: signer for signer in (keys.active, *keys.beside) if signer}
        usable = (e.key.key_id for e in keyset.entries if e.status is not KeyStatus.REVOKED)
        return tuple(held[key_id] for key_id in usable if key_id in held)


def _sealed(
    keyset: KeySet, revocations: Revocations, signers: tuple[Signer, ...], now: int
) -> list[Edition]:
    """Have every root sign that can; one that cannot keeps the others from nothing."""
    editions = []
    failure = SigningUnavailable("no root signs key sets", retry_after_seconds=_RETRY_SECONDS)
    for signer in signers:
        try:
            editions.append(seal_edition(keyset, revocations, root=signer, now=now))
        except SigningUnavailable as refusal:
            _log.error("no edition of the key set under %s: %s", signer.key_id, refusal)
            failure = refusal
    if not editions:
        raise failure
    return editions


def _ids(signers: tuple[Signer, ...]) -> tuple[str, ...]:
    return tuple(signer.key_id for signer in signers)


def _member(entry: KeySetEntry) -> dict[str, Any]:
    return {**entry.key.jwk(), "status": entry.status.value, "pem": entry.key.pem()}
