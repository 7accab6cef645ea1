"""The root of this process. Which key that is may change while calls are under way."""

from dataclasses import dataclass
from typing import Final

from signing.errors import OutsideMandate, SigningUnavailable
from signing.signer import Signer

_RETRY_SECONDS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKeys:
    """The roots that this process may sign with. ``active`` None: just now there is none.

    ``beside`` are roots that come before or after the active one and still sign key sets, oldest
    first. ``revoked`` are key ids, of roots and of delegated keys, that must sign nothing more.
    """

    active: Signer | None
    beside: tuple[Signer, ...] = ()
    revoked: frozenset[str] = frozenset()


class Root:
    """Gives the signer that is the root now. Safe for threads: its keys change all at once.

    Whoever makes one document asks for the signer once and keeps it until the document is done.
    """

    def __init__(self, signer: Signer | None = None) -> None:
        self._keys = RootKeys(active=signer)

    @property
    def keys(self) -> RootKeys:
        """All that may sign now."""
        return self._keys

    @property
    def signer(self) -> Signer:
        """The active root. Raises SigningUnavailable when there is none."""
        active = self._keys.active
        if active is None:
            raise SigningUnavailable("no root is active", retry_after_seconds=_RETRY_SECONDS)
        return active

    def named(self, key_id: str) -> Signer:
        """Return the root of that key id: a document begun before a switch is finished under it.

        Raises OutsideMandate when it is not, or no more, one of those that may sign, and
        SigningUnavailable when it was revoked meanwhile: begun anew, the document names another.
        """
        keys = self._keys
        if key_id in keys.revoked:
            raise SigningUnavailable("the root was revoked", retry_after_seconds=_RETRY_SECONDS)
        known = (keys.active, *keys.beside)
        for signer in known:
            if signer is not None and signer.key_id == key_id:
                return signer
        raise OutsideMandate("the document names another key than the root")

    def has_revoked(self, key_id: str) -> bool:
        """Return whether the key of that id, a root or a delegated one, must sign no more."""
        return key_id in self._keys.revoked

    def become(self, keys: RootKeys) -> None:
        """Let other keys sign from now on. Documents under way are finished as they were begun."""
        self._keys = keys
