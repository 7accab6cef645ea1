"""Facts of a license that need no database: its states, its policy bounds."""

import enum
from typing import Final

DEFAULT_TTL_SECONDS: Final = 360
DEFAULT_HEARTBEAT_INTERVAL_SECONDS: Final = 120
LOWEST_TTL_SECONDS: Final = 60
HIGHEST_TTL_SECONDS: Final = 86_400
MOST_SEATS: Final = 1_000_000


class LicenseStatus(enum.Enum):
    """What a vendor decided about a license. Expiry is not a status: it follows from the clock."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class PolicyMistake(ValueError):
    """A license's numbers are out of bounds; the message names the one that is."""


def check_personal_cap(seats: int | None) -> None:
    """Raise PolicyMistake for a personal cap that is neither None nor from 0 to 1,000,000."""
    if seats is not None and not 0 <= seats <= MOST_SEATS:
        raise PolicyMistake(f"seats_per_person must be from 0 to {MOST_SEATS}, or null")


def check_policy(*, seats: int, ttl_seconds: int, heartbeat_interval_seconds: int) -> None:
    """Raise PolicyMistake unless seats, TTL and heartbeat interval are within bounds.

    Bounds: 0 to 1,000,000 seats; TTL 60 s to 24 h; heartbeat at least 1 s, at most a third of
    the TTL (so two heartbeats may be lost).
    """
    if not 0 <= seats <= MOST_SEATS:
        raise PolicyMistake(f"seats must be from 0 to {MOST_SEATS}")
    if not LOWEST_TTL_SECONDS <= ttl_seconds <= HIGHEST_TTL_SECONDS:
        raise PolicyMistake(
            f"ttl_seconds must be from {LOWEST_TTL_SECONDS} to {HIGHEST_TTL_SECONDS}"
        )
    if not 1 <= heartbeat_interval_seconds <= ttl_seconds // 3:
        raise PolicyMistake("heartbeat_interval_seconds must be from 1 to a third of the TTL")
