"""Ten real processes on one PostgreSQL ledger: they race, and they are killed."""

import json
import subprocess
from collections import Counter
from contextlib import ExitStack
from random import Random
from typing import Any

import psycopg

from foundation.clock import utc_now
from leasing.models import LicenseSession, Seat
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore
from tests.concurrency.test_kill import Acknowledged
from tests.support.children import child, line_of, rest_of, say_to
from tests.support.customer import HASHER, Customer
from tests.support.ledger import contradictions, live_seats
from tests.support.postgres import LEASING_LOGIN, as_leasing
from tests.support.telling import tell
from tests.support.waiting import until

PROCESSES = 10
LIVES = 3
SEATS = 25
CONNECTIONS_OF_A_STORE = 1
Process = subprocess.Popen[str]


def started(stack: ExitStack, name: str, *arguments: object) -> list[Process]:
    """Start ten children, each with arguments of its own where one is a list."""
    return [
        stack.enter_context(
            child(name, *(one[place] if isinstance(one, list) else one for one in arguments))
        )
        for place in range(PROCESSES)
    ]


def connections_of_stores(database: str) -> int:
    with psycopg.connect(database) as connection:
        row: Any = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = %s",
            [LEASING_LOGIN],
        ).fetchone()
    return int(row[0])


def test_s1_ten_processes_race_over_one_connection_each(postgres_db: str) -> None:
    customer = Customer("alice", seats=SEATS)
    who = (customer.tenant.id, HASHER.current(customer.key))
    prefixes = [f"{place}-" for place in range(PROCESSES)]

    with ExitStack() as stack:
        racers = started(stack, "race_for_seats", as_leasing(postgres_db), *who, prefixes, 10)
        assert [line_of(racer) for racer in racers] == ["ready\n"] * PROCESSES
        connections = connections_of_stores(postgres_db)
        for racer in racers:
            say_to(racer, "go")
        words = Counter(word for racer in racers for word in json.loads(line_of(racer)))

    assert connections == PROCESSES * CONNECTIONS_OF_A_STORE
    assert words == {"Lease": SEATS, "SeatsExhausted": PROCESSES * 10 - SEATS}
    assert live_seats(customer, utc_now()) == SEATS
    assert contradictions(customer) == []


def test_s1_s8_s14_s15_ten_processes_are_killed_and_nothing_acknowledged_is_lost(
    postgres_db: str,
) -> None:
    customer, random, batches = Customer("alice", seats=SEATS), Random(20_300_101), 0

    for life in range(LIVES):
        said = live_and_be_killed(postgres_db, customer, life, random)
        wait_until_alone(postgres_db)
        check_ledger(customer, said)
        check_owners_come_back(postgres_db, customer, said)
        batches += sum(one.batches for one in said)

    tell(f"{LIVES * PROCESSES} processes killed, {batches} batches acknowledged, none lost")
    assert batches > LIVES * PROCESSES


def live_and_be_killed(
    database: str, customer: Customer, life: int, random: Random
) -> list[Acknowledged]:
    """Return what each process said before it was killed, one after the other."""
    who = (customer.tenant.id, HASHER.current(customer.key))
    seeds = [life * PROCESSES + place for place in range(PROCESSES)]
    prefixes = [f"{place}-" for place in range(PROCESSES)]
    with ExitStack() as stack:
        living = started(stack, "apply_batches", as_leasing(database), *who, seeds, prefixes)
        said = [[line_of(process)] for process in living]  # all of them have begun
        for place in random.sample(range(PROCESSES), PROCESSES):
            said[place] += [line_of(living[place]) for _ in range(random.randint(1, 30))]
            living[place].kill()
            said[place] += rest_of(living[place])
    return [Acknowledged(lines) for lines in said]


def wait_until_alone(database: str) -> None:
    """Wait until the server has finished or given up what the killed had sent."""
    until(
        lambda: not connections_of_stores(database),
        failure="the server goes on without its clients",
    )


def check_ledger(customer: Customer, said: list[Acknowledged]) -> None:
    seats = {str(seat.session_id): seat for seat in Seat.across_tenants.exclude(session_id=None)}
    assert len(seats) <= SEATS
    for one in said:
        for device, (session, end) in one.held.items():
            if device not in one.in_doubt:
                assert seats[session].lease_expires_at == end
    released = {session for one in said for session in one.released}
    ended = LicenseSession.across_tenants.filter(id__in=released, end_reason="released")
    assert ended.count() == len(released)
    assert contradictions(customer) == []


def check_owners_come_back(database: str, customer: Customer, said: list[Acknowledged]) -> None:
    """Let every device repeat its call: who held a seat gets that one, and strangers the rest.

    Then end all sessions.
    """
    store = PostgresStore(as_leasing(database))
    sure = {
        device: session
        for one in said
        for device, (session, _) in one.held.items()
        if device not in one.in_doubt
    }
    outcomes = store.apply([customer.acquire(device) for device in sure])
    for session, outcome in zip(sure.values(), outcomes, strict=True):
        assert isinstance(outcome, Lease)
        assert outcome.session_id == session
    store.apply([customer.acquire(f"late-{n}") for n in range(SEATS)])
    held = Seat.across_tenants.exclude(session_id=None).values_list("session_id", flat=True)
    assert len(held) == SEATS
    store.apply([customer.release(str(session)) for session in held])
    store.close()
