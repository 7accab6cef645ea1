"""The tiers that a tenant begins with. They are rows from then on, and the vendor's to change.

Seats and offline limits are the public pages' most common figures; prices are not kept here.
"""

from dataclasses import dataclass
from typing import Final

from licenses.rules import Policy

_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class DefaultTier:
    """A kind of license as it is sold unless the vendor says otherwise."""

    code: str
    name: str
    seats: int
    policy: Policy


DEFAULT_TIERS: Final = (
    DefaultTier("free", "Free", 1, Policy()),
    DefaultTier("pro", "Pro", 1, Policy(offline_seconds=_DAY_SECONDS)),
    DefaultTier("team", "Team", 5, Policy(offline_seconds=3 * _DAY_SECONDS)),
    DefaultTier("enterprise", "Enterprise", 50, Policy(offline_seconds=7 * _DAY_SECONDS)),
)
