"""Follows the root of the installation: the database says which it is, for every process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from django.db import DatabaseError, close_old_connections

from coditect_license_token import KeyStatus, PublicKey
from foundation.clock import Clock
from signing import queries
from signing.errors import SigningError, SigningUnavailable
from signing.queries import StoredRoot
from signing.root import Root, RootKeys
from signing.signer import Signer

_log = logging.getLogger(__name__)

MOST_SECONDS_UNSEEN: Final = 60
"""How long a switch may stay unseen when its notice is lost."""


class OpenSigner(Protocol):
    """Opens the signer of a root; blocks."""

    def __call__(self, location: str, stored: PublicKey) -> Signer:
        """Return the signer at a location; ``stored`` is what we keep of its public key.

        Raises SigningUnavailable when it cannot be reached now, UnsafeKey when it must not sign.
        """
        ...


class RootWatch:
    """Keeps a process's :class:`Root` at what the database says.

    :meth:`look` blocks; between :meth:`start` and :meth:`stop` a task looks after each notice, and
    each minute. ``then`` is awaited on the event loop after every change.
    """

    def __init__(
        self,
        root: Root,
        open_signer: OpenSigner,
        *,
        clock: Clock,
        then: Callable[[], Awaitable[object]],
    ) -> None:
        self._root = root
        self._open_signer = open_signer
        self._clock = clock
        self._then = then
        self._opened: dict[str, Signer] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._noticed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def look(self) -> bool:
        """Let the root become what the database says; return whether that was a change.

        A root that cannot be opened is tried again at the next look, and the one before it goes on
        signing until then, unless it was revoked or laid down. While the database is away all
        stays as it is.
        """
        try:
            stored = queries.signing_roots()
            revoked = queries.revoked_key_ids(self._clock())
        except DatabaseError as failure:
            _log.error("the root stays as it is: %s", failure)
            return False
        before, found = self._root.keys, self._keys(stored, revoked)
        if found == before:
            return False
        self._root.become(found)
        _say(before, found)
        return True

    def expire(self) -> None:
        """Look soon. For any thread; reads nothing."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._noticed.set)

    async def start(self) -> None:
        """Begin to watch."""
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._watch())
        self._task.add_done_callback(_report_end)

    async def stop(self) -> None:
        """End the watch."""
        self._loop = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _watch(self) -> None:
        while True:
            await self._pause()
            if await asyncio.to_thread(self._look_and_hang_up):
                await self._then()

    async def _pause(self) -> None:
        try:
            # wait_for of Python 3.11 can lose the cancellation that ends the watch.
            async with asyncio.timeout(MOST_SECONDS_UNSEEN):
                await self._noticed.wait()
        except TimeoutError:
            return
        self._noticed.clear()

    def _look_and_hang_up(self) -> bool:
        try:
            return self.look()
        finally:
            close_old_connections()

    def _keys(self, stored: tuple[StoredRoot, ...], revoked: frozenset[str]) -> RootKeys:
        signers = {root.public_key.key_id: self._opened_or_none(root) for root in stored}
        self._opened = {key_id: signer for key_id, signer in signers.items() if signer is not None}
        named = [root.public_key.key_id for root in stored if root.status is KeyStatus.ACTIVE]
        active = next((self._opened[key_id] for key_id in named if key_id in self._opened), None)
        if active is None:
            active = self._still_usable()
        beside = tuple(signer for signer in self._opened.values() if signer is not active)
        return RootKeys(active=active, beside=beside, revoked=revoked)

    def _still_usable(self) -> Signer | None:
        active = self._root.keys.active
        return active if active is not None and active.key_id in self._opened else None

    def _opened_or_none(self, root: StoredRoot) -> Signer | None:
        known = self._opened.get(root.public_key.key_id)
        if known is not None:
            return known
        try:
            return self._open(root)
        except SigningError as failure:
            _log.error("the root %s cannot be opened: %s", root.public_key.key_id, failure)
            return None

    def _open(self, root: StoredRoot) -> Signer:
        signer = self._open_signer(root.location, root.public_key)
        if signer.key_id != root.public_key.key_id:
            raise SigningUnavailable(
                f"another key than the stored one lives at {root.location}",
                retry_after_seconds=MOST_SECONDS_UNSEEN,
            )
        return signer


def _say(before: RootKeys, found: RootKeys) -> None:
    if before.active is not found.active:
        is_first = before.active is None  # a process that starts; else another took its place
        level = logging.INFO if is_first else logging.WARNING
        _log.log(level, "the root is %s now, it was %s", _name(found.active), _name(before.active))
    beside = ", ".join(signer.key_id for signer in found.beside)
    _log.info("beside it sign %s; %d keys are revoked", beside or "none", len(found.revoked))


def _name(signer: Signer | None) -> str:
    return "none" if signer is None else signer.key_id


def _report_end(watch: asyncio.Task[None]) -> None:
    """Say at once what would otherwise show at the next switch, as a root that stayed."""
    if not watch.cancelled():
        _log.critical("the root is not watched any more", exc_info=watch.exception())
