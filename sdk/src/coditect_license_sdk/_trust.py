"""Which root keys are believed: the pinned ones, and what a key set signed by them adds or revokes.

The network can never begin trust. It can carry a key set, and that is believed only under a root
that is believed already, or that such a root names as its successor, and only if its version is not
lower than the highest seen. What is believed is not forgotten when the set's time is over: then a
newer one is asked for, and a program goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coditect_license_sdk.errors import ConfigurationError, RootsMissing, VerificationFailed
from coditect_license_token import (
    KeySet,
    KeyStatus,
    MalformedDocument,
    NotInForce,
    Revocations,
    Roots,
    TokenError,
    UnknownKey,
    follow_links,
    open_keyset,
    open_revocations,
)

_SHARE_BEFORE_DUE: Final = 0.5
_SHARE_SPREAD: Final = 0.25


def load_roots(source: Roots | Path | str | bytes | None) -> Roots:
    """Pin roots given as such, as PEM bytes, or as the path of a PEM file.

    Raises RootsMissing when there are none, ConfigurationError when they cannot be read.
    """
    if source is None:
        raise RootsMissing
    roots = source if isinstance(source, Roots) else _read_roots(source)
    if not roots:
        raise RootsMissing
    return roots


def _read_roots(source: Path | str | bytes) -> Roots:
    try:
        return Roots.from_pem(source if isinstance(source, bytes) else Path(source).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"the file of root keys cannot be read: {error}") from error
    except MalformedDocument as error:
        raise ConfigurationError(f"the root keys are not PEM public keys: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A key set with its revocation list, as it came: nothing in it was verified.

    Servers that know no revocation lists leave `revocations` None.
    """

    keyset: str
    revocations: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNews:
    """What a server or a file says of the keys. Links lead from older roots to newer ones."""

    editions: tuple[Edition, ...]
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opened:
    edition: Edition
    keyset: KeySet
    revocations: Revocations | None


class Trust:
    """The roots believed now, and what is revoked.

    `news` is what led there, to be kept; `version` the highest seen.
    """

    def __init__(self, pinned: Roots, *, lowest_version: int = 0) -> None:
        self.pinned = pinned
        self.roots = pinned
        self.version = lowest_version
        self.news: KeyNews | None = None
        self.min_profile = 1
        self.revoked: frozenset[str] = frozenset()
        self._keyset: KeySet | None = None

    def absorb(self, news: KeyNews, *, now: int) -> None:
        """Believe a key set of the news, or raise VerificationFailed and change nothing.

        `now` is in seconds since the epoch. A key set lists the roots of its issuer: it adds roots,
        and revokes pinned ones. Once a revocation list was seen, a set without one is refused.
        """
        self._believe(news, now=now)

    def recall(self, news: KeyNews) -> None:
        """Believe again what was kept, whatever its age; raises as `absorb`."""
        self._believe(news, now=None)

    def is_due(self, now: int, *, dice: float, signing_root_id: str) -> bool:
        """Say whether to ask for a newer key set; `dice` (0 to 1) spreads a fleet's questions.

        From half of its life on; at once where there is none yet, where the clock is before it, and
        where the root that signs is not the one that the set calls active.
        """
        known = self._keyset
        if known is None or now < known.issued_at or signing_root_id != _active_id(known):
            return True
        share = _SHARE_BEFORE_DUE + _SHARE_SPREAD * dice
        return now >= known.issued_at + share * (known.expires_at - known.issued_at)

    def _believe(self, news: KeyNews, *, now: int | None) -> None:
        try:
            opened = self._opened(news, now)
        except TokenError as error:
            raise VerificationFailed(f"the key set does not hold: {error}") from error
        keyset, listed = opened.keyset, opened.revocations
        self.revoked = _revoked(keyset)
        if listed is not None:
            self.revoked |= {*listed.key_ids, *listed.session_ids}
        believed = [key for key in self.pinned if key.key_id not in self.revoked]
        named = [key for key in keyset.roots(now=now) if key.key_id not in self.revoked]
        self.roots = Roots([*believed, *named])
        self._keyset, self.version, self.min_profile = keyset, keyset.version, keyset.min_profile
        self.news = KeyNews(editions=(opened.edition,), links=self._needed(opened, news.links))

    def _opened(self, news: KeyNews, now: int | None) -> _Opened:
        """Open the first edition that holds, or raise why none does."""
        failures: list[TokenError] = []
        for edition, roots in self._ways(news):
            try:
                return self._opened_edition(edition, roots, now)
            except TokenError as error:
                failures.append(error)
        telling = (error for error in failures if not isinstance(error, UnknownKey))
        raise next(telling, UnknownKey("no root that is believed has signed it"))

    def _ways(self, news: KeyNews) -> Iterator[tuple[Edition, Roots]]:
        """Prefer what the pinned roots say themselves: it needs no links when it is kept."""
        reached = follow_links(news.links, roots=self.roots, refused=self.revoked)
        pinned = Roots(key for key in self.pinned if key.key_id not in self.revoked)
        for roots in (pinned, reached):
            for edition in news.editions:
                yield edition, roots

    def _opened_edition(self, edition: Edition, roots: Roots, now: int | None) -> _Opened:
        keyset = open_keyset(edition.keyset, roots=roots, now=now, lowest_version=self.version)
        unrevoked = Roots(key for key in roots if key.key_id not in _revoked(keyset))
        open_keyset(edition.keyset, roots=unrevoked, now=now)  # none that speaks of its own end
        if edition.revocations is None:
            self._require_no_list()
            return _Opened(edition, keyset, None)
        listed = open_revocations(edition.revocations, roots=unrevoked, now=now)
        if listed.version != keyset.version:
            raise NotInForce("the revocation list is of another version than the key set")
        return _Opened(edition, keyset, listed)

    def _require_no_list(self) -> None:
        seen = self.news.editions if self.news is not None else ()
        if any(edition.revocations is not None for edition in seen):
            raise NotInForce("the key set came without its revocation list")

    def _needed(self, opened: _Opened, links: tuple[str, ...]) -> tuple[str, ...]:
        try:
            open_keyset(opened.edition.keyset, roots=self.pinned, now=None)
        except TokenError:
            return links
        return ()


def _active_id(keyset: KeySet) -> str | None:
    active = (entry for entry in keyset.entries if entry.status is KeyStatus.ACTIVE)
    return next((entry.key.key_id for entry in active), None)


def _revoked(keyset: KeySet) -> frozenset[str]:
    revoked = (entry for entry in keyset.entries if entry.status is KeyStatus.REVOKED)
    return frozenset(entry.key.key_id for entry in revoked)
