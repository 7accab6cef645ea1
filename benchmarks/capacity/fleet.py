"""The fleet of leases that a capacity run loads: what lease number n is. Pure, so that every
process of a run knows every lease without being told.
"""

import uuid
from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, cycle
from typing import Final

from msgspec import Struct

HELD_SEATS: Final = (*[100] * 10, *[1_000] * 9, 10_000)
"""How many seats are held of one license after the other, over and over: small and large mixed."""

INSTANCE: Final = "instance-0123456789abcdef"
ONE_IN_WITH_INSTANCE: Final = 10
"""Every tenth lease is held by a named instance, as the SDK holds it."""


class Place(Struct, frozen=True):
    """Where a lease sits: which license of the run, and which slot of it."""

    license_number: int
    slot: int


class Fleet:
    """``leases`` live leases spread over licenses of the sizes in HELD_SEATS."""

    def __init__(self, leases: int) -> None:
        self.held = _sizes(leases)
        self._starts = list(accumulate(self.held, initial=0))

    def place_of(self, number: int) -> Place:
        """Return where a lease sits."""
        license_number = bisect_right(self._starts, number) - 1
        return Place(license_number, number - self._starts[license_number])


def session_of(number: int) -> str:
    """Return the session id of a lease; without order, which is the worst case for an index."""
    return str(uuid.UUID(bytes=blake2b(b"%d" % number, digest_size=16).digest(), version=4))


def device_of(number: int) -> str:
    """Return the hardware id of the device that holds a lease."""
    return f"device-{number}"


def has_instance(number: int) -> bool:
    """Return whether a lease is held by the named instance INSTANCE."""
    return number % ONE_IN_WITH_INSTANCE == 0


def steps_to(leases: int) -> list[int]:
    """Return the sizes that a run measures at: powers of ten from 10,000, and the last."""
    powers = [10**power for power in range(4, 9) if 10**power < leases]
    return [*powers, leases]


def _sizes(leases: int) -> Sequence[int]:
    sizes: list[int] = []
    for size in cycle(HELD_SEATS):
        if leases <= 0:
            return sizes
        sizes.append(min(size, leases))
        leases -= size
    return sizes
