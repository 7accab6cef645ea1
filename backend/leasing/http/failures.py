"""Failed credentials: who tries many has to wait for each answer. Nobody else waits.

Counted are answers that refuse a credential or a license key, by the address range they came
from. Whoever shows a good one is never counted, looked up or held back, so a range may have any
number of holders behind one address.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from foundation.clock import monotonic_seconds
from identity.errors import InvalidCredential
from leasing.errors import LicenseUnknown
from leasing.http.messages import Request, Scope
from soft_state.allowances import Allowances
from soft_state.rules import address_range, limit

LONGEST_DELAY_SECONDS: Final = 5.0
MOST_HELD_BACK: Final = 1_000
"""Answers that wait at a time (S17); further ones go out at once."""

_COUNTED: Final = (InvalidCredential, LicenseUnknown)


class Failures:
    """Holds back the answers to failed credentials past ``per_minute`` from one range; 0: never.

    ``forwarded_hops`` is how many entries of X-Forwarded-For our own proxies wrote.
    """

    def __init__(
        self,
        shared: Allowances,
        *,
        per_minute: int,
        forwarded_hops: int = 0,
        clock: Callable[[], float] = monotonic_seconds,
        longest_delay_seconds: float = LONGEST_DELAY_SECONDS,
        most_held_back: int = MOST_HELD_BACK,
    ) -> None:
        self._shared = shared
        self._limit = limit("failures", per_minute) if per_minute else None
        self._forwarded_hops = forwarded_hops
        self._clock = clock
        self._longest_delay_seconds = longest_delay_seconds
        self._most_held_back = most_held_back
        self._held_back = 0

    async def hold_back(self, error: Exception, request: Request) -> None:
        """Return when the answer to a failed request may go out."""
        if isinstance(error, _COUNTED):
            await self.count(request.scope)

    async def count(self, scope: Scope) -> None:
        """Count a failed credential, and return when the answer to it may go out."""
        if self._limit is None:
            return
        origin = address_range(origin_of(scope, forwarded_hops=self._forwarded_hops))
        over_seconds = self._shared.charge(self._limit, f"failures:{origin}", self._clock())
        if over_seconds > 0 and self._held_back < self._most_held_back:
            await self._wait(min(over_seconds, self._longest_delay_seconds))

    async def _wait(self, seconds: float) -> None:
        self._held_back += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._held_back -= 1


def origin_of(scope: Scope, *, forwarded_hops: int) -> str:
    """Return the address a request came from.

    With ``forwarded_hops`` proxies of ours the last that many entries of X-Forwarded-For are
    theirs, and the first of these is whom the outermost one saw. A request with fewer entries did
    not come through all of them: its peer counts.
    """
    peer = scope.get("client") or ("",)
    if forwarded_hops:
        written = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        entries = b",".join(written).decode("latin-1").split(",")
        if len(entries) >= forwarded_hops and entries[-forwarded_hops].strip():
            return entries[-forwarded_hops].strip()
    return str(peer[0])
