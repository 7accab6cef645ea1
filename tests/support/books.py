"""What the ledger says after the fact, read with SQL and nothing of the server's code."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import psycopg

from tests.support.history_events import Event

_ENDS = ("seat.released", "seat.force_released", "lease.expired")
Ask = Callable[[str], list[Any]]


class Books:
    """Sessions, holders and audit records of one ledger, read at once.

    ``damage`` is what the database says about its own files.
    """

    def __init__(self, ask: Ask, *, damage: Iterable[str] = ()) -> None:
        self.damage = list(damage)
        self.ended = {
            _dashed(session): ended_at is not None
            for session, ended_at in ask("SELECT id, ended_at FROM license_session")
        }
        held = ask("SELECT session_id, lease_expires_at FROM seat WHERE session_id IS NOT NULL")
        self.holders = [_dashed(session) for session, _ in held]
        self.lease_ends = {_dashed(session): _text(end) for session, end in held}
        self.records = Counter(
            (_dashed(session), action)
            for session, action in ask(
                "SELECT session_id, action FROM audit_event WHERE session_id IS NOT NULL"
            )
        )

    @classmethod
    def of_folder(cls, data_dir: Path) -> Self:
        """Read the SQLite file in a data folder."""
        connection = sqlite3.connect(data_dir / "license.sqlite3")
        try:
            (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
            damage = [] if integrity == "ok" else [f"integrity: {integrity}"]
            return cls(lambda query: connection.execute(query).fetchall(), damage=damage)
        finally:
            connection.close()

    @classmethod
    def of_database(cls, url: str) -> Self:
        """Read a PostgreSQL database; its checksums are verified by the reading."""
        with psycopg.connect(url) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            return cls(lambda query: connection.execute(query.encode()).fetchall())

    def contradictions(self) -> list[str]:
        """Return where sessions, seats and audit records disagree (S15)."""
        found = list(self.damage)
        for session, has_ended in self.ended.items():
            grants = self.records[session, "seat.granted"]
            ends = sum(self.records[session, action] for action in _ENDS)
            if (grants, ends) != (1, int(has_ended)):
                found.append(f"{session}: {grants} grants and {ends} ends, ended: {has_ended}")
        running = sorted(session for session, has_ended in self.ended.items() if not has_ended)
        if sorted(self.holders) != running:
            found.append(f"held: {sorted(self.holders)}, running: {running}")
        found += [f"a record of {one}" for one, _ in self.records if one not in self.ended]
        return found

    def lost_acknowledgements(self, events: Iterable[Event]) -> list[str]:
        """Return grants and releases that were answered and are not in the ledger (S14)."""
        found: list[str] = []
        released: set[str] = set()
        given_up: set[str] = set()
        events = list(events)
        for event in events:
            if event.kind == "release":
                (released if event.outcome == "done" else given_up).add(event.session)
        for session in {event.session for event in events if event.outcome == "held"}:
            if session not in self.ended:
                found.append(f"the grant of {session}")
            elif session in released and not self.ended[session]:
                found.append(f"the release of {session}")
            elif session not in released | given_up and self.ended[session]:
                found.append(f"the seat of {session}")
        return found

    def lost_renewals(self, promised: Mapping[str, str]) -> list[str]:
        """Return the leases that end before an answer said they would (S7, S14)."""
        return [
            f"{session} ends at {self.lease_ends[session]}, {end} was answered"
            for session, end in promised.items()
            if session in self.lease_ends
            and datetime.fromisoformat(self.lease_ends[session]) < datetime.fromisoformat(end)
        ]


def _dashed(session: object) -> str:
    return str(UUID(str(session)))


def _text(instant: object) -> str:
    text = str(instant)
    return text if text.endswith("+00:00") else f"{text}+00:00"
