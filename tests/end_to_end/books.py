"""What the ledger's file says after the fact, read with SQL and nothing of the server's code."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from tests.support.history_events import Event


class Books:
    """Sessions, holders and audit records of one ledger, read at once."""

    def __init__(self, data_dir: Path) -> None:
        connection = sqlite3.connect(data_dir / "license.sqlite3")
        try:
            self.ended = {
                _dashed(session): ended_at is not None
                for session, ended_at in connection.execute(
                    "SELECT id, ended_at FROM license_session"
                )
            }
            self.holders = [
                _dashed(session)
                for (session,) in connection.execute(
                    "SELECT session_id FROM seat WHERE session_id IS NOT NULL"
                )
            ]
            self.records = Counter(
                (_dashed(session), action)
                for session, action in connection.execute(
                    "SELECT session_id, action FROM audit_event WHERE session_id IS NOT NULL"
                )
            )
            (self.integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
        finally:
            connection.close()

    def contradictions(self) -> list[str]:
        """Return where sessions, seats and audit records disagree (S15)."""
        found = [f"integrity: {self.integrity}"] if self.integrity != "ok" else []
        for session, has_ended in self.ended.items():
            grants = self.records[session, "seat.granted"]
            ends = self.records[session, "seat.released"] + self.records[session, "lease.expired"]
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


def _dashed(session: str) -> str:
    return str(UUID(session))
