"""For how long what is kept, decided without a database or a clock."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from privacy.errors import RetentionOutOfBounds

DAY_SECONDS: Final = 86_400


class Category(enum.Enum):
    """What is kept of persons for a time and then forgotten, whoever asks."""

    SESSION_DETAILS = "session_details"
    DEVICE_RECORDS = "device_records"
    MEMBER_ADDRESSES = "member_addresses"
    KEPT_ANSWERS = "kept_answers"
    OUTBOX_MESSAGES = "outbox_messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a category is kept; a tenant may choose another time within the bounds."""

    text: str
    days: int
    fewest_days: int
    most_days: int


RETENTION: Final = {
    Category.SESSION_DETAILS: Retention(
        text="who held a seat and what its program said of itself, after the session's end",
        days=30,
        fewest_days=1,
        most_days=396,
    ),
    Category.DEVICE_RECORDS: Retention(
        text="the session itself with the hardware binding of its device, after its end",
        days=396,  # 13 months, so that a year can be compared with the one before
        fewest_days=30,
        most_days=3_650,
    ),
    Category.MEMBER_ADDRESSES: Retention(
        text="the e-mail address of a member who was removed, after the removal",
        days=30,
        fewest_days=1,
        most_days=396,
    ),
    Category.KEPT_ANSWERS: Retention(
        text="sealed answers to calls with an Idempotency-Key, after the call",
        days=1,
        fewest_days=1,
        most_days=1,
    ),
    Category.OUTBOX_MESSAGES: Retention(
        text="messages to the world outside, after their delivery",
        days=90,  # longer than the first notice of an end is early, so none is told twice
        fewest_days=60,
        most_days=396,
    ),
}
"""The one table of times. Source: docs/adr/0022."""


def check_days(category: Category, days: int) -> None:
    """Raise RetentionOutOfBounds for a time that a tenant may not choose."""
    bounds = RETENTION[category]
    if not bounds.fewest_days <= days <= bounds.most_days:
        raise RetentionOutOfBounds(
            f"{category.value} is kept for {bounds.fewest_days} to {bounds.most_days} days"
        )


def cut_off(now: datetime, days: int) -> datetime:
    """Return the instant before which what has ended is forgotten."""
    return now - timedelta(days=days)
