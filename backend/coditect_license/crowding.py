"""What keeps a crowd at the control plane from taking the leases' time, and the database's room.

Each call that Django answers has a thread and a connection of its own while it lasts, and threads
that compute make the event loop wait for its turn. So few are in there at a time.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from coditect_license.middleware import Asgi
from coditect_license.refusals import FACTS, asgi_problem
from leasing import counts
from leasing.engine import OVERLOADED_RETRY_SECONDS
from leasing.errors import Overloaded
from leasing.http.messages import Receive, Scope, Send
from leasing.http.overload import Kind, Overload

AT_ONCE: Final = 4
MOST_WAITING: Final = 32
EXPORTS_AT_ONCE: Final = 2
MOST_EXPORTS_WAITING: Final = 8
_SHORT_TURN_SECONDS: Final = 0.001
"""How long a thread of Django's keeps the interpreter from the event loop: docs/adr/0027."""

_EXPORTS: Final = ("/api/v1/audit/export", "/api/v1/usage")
_count_shed: Final = counts.shed("overloaded")


class Line:
    """So many go in at a time, so many wait for that in order; nobody else does (S17)."""

    def __init__(self, *, at_once: int, most_waiting: int) -> None:
        self._inside = asyncio.Semaphore(at_once)
        self._most = at_once + most_waiting
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn. Raises Overloaded at once when too many are here already."""
        if self._here >= self._most:
            raise Overloaded(OVERLOADED_RETRY_SECONDS)
        self._here += 1
        try:
            async with self._inside:
                yield
        finally:
            self._here -= 1


class ShortTurns:
    """Has threads that compute give way to the event loop sooner while anybody is here.

    Not for ever: with short turns a heartbeat costs a sixth more, for the loop and the ledger's
    writer then take the interpreter from each other.
    """

    def __init__(self) -> None:
        self._here = 0
        self._usual_seconds = sys.getswitchinterval()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Keep turns short until the last who came has gone. For one event loop."""
        self._here += 1
        sys.setswitchinterval(_SHORT_TURN_SECONDS)
        try:
            yield
        finally:
            self._here -= 1
            if not self._here:
                sys.setswitchinterval(self._usual_seconds)


class Crowding:
    """ASGI middleware around Django: turns calls away, exports first, before anything is read.

    503 while the process is too full for calls of the control plane, and when too many of them
    are here.
    """

    def __init__(
        self,
        application: Asgi,
        overload: Overload,
        *,
        calls: Line | None = None,
        exports: Line | None = None,
    ) -> None:
        self._application = application
        self._overload = overload
        self._calls = calls or Line(at_once=AT_ONCE, most_waiting=MOST_WAITING)
        self._short_turns = ShortTurns()
        self._exports = exports or Line(at_once=EXPORTS_AT_ONCE, most_waiting=MOST_EXPORTS_WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        try:
            if is_export(scope["path"]):
                self._overload.require_room(Kind.EXPORT)
                async with self._exports.turn():
                    await self._go_in(scope, receive, send)
            else:
                self._overload.require_room(Kind.CONTROL)
                await self._go_in(scope, receive, send)
        except Overloaded as error:
            _count_shed()
            await asgi_problem(error, scope[FACTS])(scope, receive, send)

    async def _go_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._calls.turn():
            with self._short_turns.taken():
                await self._application(scope, receive, send)


def is_export(path: str) -> bool:
    """Tell whether an answer may be as long as a tenant's history."""
    return path.startswith(_EXPORTS)
