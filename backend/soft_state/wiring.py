"""Soft state put together from the settings: the only file of this room that reads them."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from soft_state import counts
from soft_state.allowances import Allowances
from soft_state.notices import BOARD

if TYPE_CHECKING:
    from soft_state.fleet import Fleet


def announce_to_the_fleet() -> None:
    """Take this process's notices to the others, where there is a Valkey."""
    if settings.LICENSE_REDIS is not None:
        from soft_state.valkey import Publisher

        BOARD.publish = Publisher(settings.LICENSE_REDIS)


@cache
def shared_allowances_from_settings() -> Allowances:
    """Return the one memory of this process, which both planes count in and a fleet can share."""
    return Allowances(is_shared=settings.LICENSE_REDIS is not None)


def fleet_from_settings(allowances: Allowances) -> "Fleet | None":
    """Return this process's link to the others, or None when it is alone."""
    if settings.LICENSE_REDIS is None:
        return None
    from soft_state.fleet import Fleet
    from soft_state.valkey import Valkey

    fleet = Fleet(Valkey(settings.LICENSE_REDIS), allowances, BOARD)
    counts.up(lambda: {(): float(fleet.is_up)})
    return fleet
