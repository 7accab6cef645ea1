"""Processes of one installation, as far as soft state goes: planes that share a Valkey."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from soft_state.address import Address
from soft_state.fleet import Fleet, Pace
from soft_state.notices import Board
from soft_state.valkey import Valkey
from tests.support.plane import Plane

BRISK: Final = Pace(
    share_seconds=0.02,
    notice_seconds=0.3,
    shortest_pause_seconds=0.05,
    longest_pause_seconds=0.2,
)

SILENCE_SECONDS: Final = 0.5


@contextmanager
def in_fleet(plane: Plane, address: Address, board: Board | None = None) -> Iterator[Fleet]:
    """Join a plane to the others at an address until the block ends."""
    fleet = Fleet(
        Valkey(address, silence_seconds=SILENCE_SECONDS),
        plane.shared,
        board or Board(),
        pace=BRISK,
        clock=plane.admission._clock,
    )
    plane.run(fleet.start())
    try:
        yield fleet
    finally:
        plane.run(fleet.stop())
