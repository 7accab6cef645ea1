"""Facts of a license that need no database: its states, its policy bounds."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

DEFAULT_TTL_SECONDS: Final = 360
DEFAULT_HEARTBEAT_INTERVAL_SECONDS: Final = 120
LOWEST_TTL_SECONDS: Final = 60
HIGHEST_TTL_SECONDS: Final = 86_400
MOST_SEATS: Final = 1_000_000
MOST_OFFLINE_SECONDS: Final = 90 * 86_400
MOST_ENTITLEMENTS: Final = 64
MOST_TEXT_CHARACTERS: Final = 256
NOTICE_DAYS: Final = (30, 7, 1)
"""How many days before its end a license is spoken of; the seeds' three thresholds."""


class LicenseStatus(enum.Enum):
    """What a vendor decided about a license. Expiry is not a status: it follows from the clock."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How programs hold the seats of a license; a tier has one for the licenses sold of it.

    ``offline_seconds`` is the longest time that a seat is lent for as a file; 0 lends nothing.
    ``overdraft_seats`` may be granted above the seats sold.
    """

    ttl_seconds: int = DEFAULT_TTL_SECONDS
    heartbeat_interval_seconds: int = DEFAULT_HEARTBEAT_INTERVAL_SECONDS
    offline_seconds: int = 0
    key_auth: bool = False
    overdraft_seats: int = 0


def state(*, status: str, expires_at: datetime, now: datetime) -> str:
    """Return what a license is now: its status, or ``expired`` for an active one past its end."""
    is_over = status == LicenseStatus.ACTIVE.value and expires_at <= now
    return "expired" if is_over else status


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


def check_terms(*, seats: int, entitlements: list[str], policy: Policy) -> None:
    """Raise PolicyMistake unless everything a license promises is within bounds.

    Besides the bounds of :func:`check_policy`: up to 1,000,000 overdraft seats, up to 90 days
    offline, up to 64 distinct entitlements of 1 to 256 printable ASCII characters, which is what
    a token can say.
    """
    check_policy(
        seats=seats,
        ttl_seconds=policy.ttl_seconds,
        heartbeat_interval_seconds=policy.heartbeat_interval_seconds,
    )
    if not 0 <= policy.overdraft_seats <= MOST_SEATS:
        raise PolicyMistake(f"overdraft_seats must be from 0 to {MOST_SEATS}")
    if not 0 <= policy.offline_seconds <= MOST_OFFLINE_SECONDS:
        raise PolicyMistake(f"offline_seconds must be from 0 to {MOST_OFFLINE_SECONDS}")
    if len(entitlements) > MOST_ENTITLEMENTS or len(set(entitlements)) != len(entitlements):
        raise PolicyMistake(f"entitlements must be at most {MOST_ENTITLEMENTS}, all different")
    if not all(_is_token_text(text) for text in entitlements):
        raise PolicyMistake("entitlements must be 1 to 256 printable characters")


def due_notice(*, expires_at: datetime, now: datetime) -> int | None:
    """Return how many days before its end a license is to be spoken of now, or None.

    It is the nearest threshold that has come: a license sold five days before its end is spoken of
    for 7 days and not for 30 as well. None also once the end has passed.
    """
    left = expires_at - now
    reached = [days for days in NOTICE_DAYS if timedelta(0) < left <= timedelta(days=days)]
    return min(reached, default=None)


def _is_token_text(text: str) -> bool:
    return 1 <= len(text) <= MOST_TEXT_CHARACTERS and text.isascii() and text.isprintable()
