"""What a SQL ledger brings: its statements, and a connection to run them on.

Values go in and come out in one form, whatever the database keeps: ids as 32 hexadecimal digits,
instants as UTC text with six decimals and no offset. Statements that read many values take and
answer one JSON array, where ids are dashed and instants end in ``Z`` or ``+00:00``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


class Cursor(Protocol):
    """The outcome of one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection with an open transaction."""

    def execute(self, statement: str, values: Mapping[str, Any], /) -> Cursor:
        """Run one statement with named values."""
        ...


class Statements(Protocol):
    """The statements of one dialect. What each does is said at ``sqlite/statements``."""

    TERMS: str
    TERMS_OF_LICENSES: str
    LICENSES_OF_KEYS: str
    HOLDINGS: str
    HOLDINGS_OF_DEVICES: str
    SEATS_OF_SESSIONS: str
    RELEASED_SEATS: str
    SESSION: str
    LOAN: str
    LEND: str
    EXTENSION_PAGE: str
    EXTEND_INSTANCES: str
    FORGET_TOKENS: str
    HONORED: str
    HONOR: str
    END_HONORED: str
    SEAT: str
    LIVE_INSTANCES: str
    COUNT_OTHER_INSTANCES: str
    COUNT_SEATS: str
    COUNT_SEATS_OF_PERSON: str
    SEATS_ENDING: str
    SEATS_LAPSED: str
    LAPSED_ANYWHERE: str
    FORGET_LAPSED_INSTANCES: str
    FREE_SEATS: str
    FORGET_ALL_INSTANCES: str
    END_SESSIONS: str
    PUT_HOLDERS: str
    BEGIN_SESSIONS: str
    RENEW_SEATS: str
    RAISE_SEATS: str
    RAISE_SESSIONS: str
    NOTE_TOKENS: str
    RENEW_ALL_INSTANCES: str
    FORGET_INSTANCES: str
    PUT_INSTANCES: str
    RECORDS: str
    DENIALS: str
