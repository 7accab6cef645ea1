"""kill -9 at any moment: what was acknowledged is there, and nothing is there twice (S8, S14)."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from random import Random

from leasing.errors import SeatsExhausted
from leasing.models import LicenseSession, Seat
from leasing.store import Lease
from leasing.stores.sqlite import SqliteStore
from tests.support.children import child, line_of, rest_of
from tests.support.children.apply_batches import DEVICES
from tests.support.customer import HASHER, Customer
from tests.support.ledger import contradictions
from tests.support.telling import tell

KILLS = 30
SEATS = 5


class Acknowledged:
    """What one life of a process said it had done, and what it had only sent."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.held: dict[str, tuple[str, datetime]] = {}
        self.released: set[str] = set()
        self.in_doubt: set[str] = set()
        self.batches = 0
        for line in lines:
            what, rows = json.loads(line)
            if what == "sent":
                self.in_doubt = {device for _, device in rows}
            else:
                self.in_doubt = set()
                self.batches += 1
                for verb, device, outcome, session, end in rows:
                    self._learn(verb, device, outcome, session, end)

    def _learn(self, verb: str, device: str, outcome: str, session: str, end: str) -> None:
        if outcome == "Lease":
            self.held[device] = (session, datetime.fromisoformat(end))
        elif verb == "Release":
            self.released.add(self.held.pop(device)[0])


def test_s1_s8_s14_s15_nothing_acknowledged_is_lost_by_killing(db: Path) -> None:
    customer = Customer("alice", seats=SEATS)
    random = Random(20_300_101)
    batches = 0

    for life in range(KILLS):
        said = Acknowledged(
            live_and_be_killed(db, customer, seed=life, lines=random.randint(1, 60))
        )
        batches += said.batches
        assert integrity(db) == "ok"
        check_ledger(customer, said)
        check_owners_come_back(db, customer, said)

    tell(f"{KILLS} kills, {batches} batches acknowledged, none lost")
    assert batches > KILLS


def live_and_be_killed(db: Path, customer: Customer, *, seed: int, lines: int) -> list[str]:
    """Return all that a process printed until it was killed after some lines or soon after."""
    who = (customer.tenant.id, HASHER.current(customer.key))
    with child("apply_batches", db, *who, seed) as process:
        printed = [line_of(process) for _ in range(lines)]
        process.kill()
        return printed + rest_of(process)


def integrity(db: Path) -> str:
    connection = sqlite3.connect(db)
    (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return str(answer)


def check_ledger(customer: Customer, said: Acknowledged) -> None:
    seats = {str(seat.session_id): seat for seat in Seat.across_tenants.exclude(session_id=None)}
    assert len(seats) <= SEATS
    for device, (session, end) in said.held.items():
        if device not in said.in_doubt:
            assert seats[session].lease_expires_at == end
    ended = LicenseSession.across_tenants.filter(id__in=said.released, end_reason="released")
    assert ended.count() == len(said.released)
    assert contradictions(customer) == []


def check_owners_come_back(db: Path, customer: Customer, said: Acknowledged) -> None:
    """Let every device repeat its call: who held a seat gets that one, nobody gets a second."""
    store = SqliteStore(db)
    sure = [device for device in said.held if device not in said.in_doubt]
    outcomes = store.apply([customer.acquire(device) for device in [*sure, *DEVICES]])
    store.close()
    for device, outcome in zip(sure, outcomes, strict=False):
        assert isinstance(outcome, Lease)
        assert outcome.session_id == said.held[device][0]
    assert all(isinstance(outcome, Lease | SeatsExhausted) for outcome in outcomes)
    assert len({one.session_id for one in outcomes if isinstance(one, Lease)}) == SEATS
