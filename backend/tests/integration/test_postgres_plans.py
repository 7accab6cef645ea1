"""Statements of PostgreSQL touch the rows they are asked about, whatever statistics say (S17)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from leasing.store import Lease
from leasing.stores.postgres import PostgresStore, statements
from leasing.stores.postgres.walk import Walk
from leasing.stores.sql.transaction import as_text
from licenses import operations
from tests.support.clock import START, ManualClock
from tests.support.customer import HASHER, VENDOR, Customer

LICENSES = 60
SEATS = 400
ASKED = 5


@pytest.fixture
def store(postgres_db: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_db)
    yield opened
    opened.close()


@pytest.mark.parametrize("statement", ["HOLDINGS", "SEATS_OF_SESSIONS"])
def test_s17_a_read_of_sessions_touches_no_license_but_theirs(
    store: PostgresStore, postgres_db: str, statement: str
) -> None:
    customer = Customer("alice", seats=SEATS)
    store.apply([customer.acquire(f"early-{n}") for n in range(ASKED)])
    with psycopg.connect(postgres_db, autocommit=True) as connection:
        connection.execute("ANALYZE")  # of a tenant with one license and hardly a seat
    issue_licenses(customer)
    leases = store.apply([customer.acquire(f"laptop-{n}") for n in range(SEATS - ASKED)])
    wanted = [
        [place, str(customer.tenant.id), lease.session_id, ""]
        for place, lease in enumerate(leases[:ASKED])
        if isinstance(lease, Lease)
    ]

    touched = most_rows_touched(postgres_db, getattr(statements, statement), wanted)

    assert len(wanted) == ASKED
    assert touched <= ASKED


def test_s17_a_heartbeat_of_a_seat_that_nobody_shares_reads_its_row_and_its_license(
    store: PostgresStore, postgres_db: str
) -> None:
    customer = Customer("alice", seats=SEATS)
    leases = store.apply([customer.acquire(f"laptop-{n}") for n in range(SEATS)])
    store.apply([customer.acquire(f"laptop-{n}", "editor") for n in range(ASKED, SEATS)])
    with psycopg.connect(postgres_db, autocommit=True) as connection:
        connection.execute("ANALYZE")
    wanted = [
        [place, str(customer.tenant.id), lease.session_id, ""]
        for place, lease in enumerate(leases[:ASKED])
        if isinstance(lease, Lease)
    ]

    read = [
        (step["Relation Name"], step["Index Name"])
        for step in steps(plan(postgres_db, statements.HELD, wanted))
        if "Index Name" in step and step["Shared Hit Blocks"]
    ]

    assert {table for table, _ in read} == {"seat", "license"}
    assert ("seat", "seat_one_per_session") in read


def issue_licenses(customer: Customer) -> None:
    for _ in range(LICENSES):
        operations.issue_license(
            product=customer.product,
            tier="pro",
            seats=1,
            expires_at=START,
            hasher=HASHER,
            principal=VENDOR,
        )


def most_rows_touched(url: str, statement: str, wanted: list[list[Any]]) -> float:
    """Return how many rows the greediest step of a plan read, those it threw away included."""
    return max(map(rows_touched, steps(plan(url, statement, wanted))))


def plan(url: str, statement: str, wanted: list[list[Any]]) -> Mapping[str, Any]:
    """Return the plan that a statement was carried out by, with the pages that it read."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.BEGIN.encode())
        connection.execute(statements.WITHIN_TRANSACTION.encode())
        row = connection.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".encode(),
            {"wanted": json.dumps(wanted)},
        ).fetchone()
    assert row is not None
    top: Mapping[str, Any] = row[0][0]["Plan"]
    return top


def steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from steps(part)


def rows_touched(step: Mapping[str, Any]) -> float:
    read = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
    return float(step["Actual Loops"] * (read + step.get("Rows Removed by Join Filter", 0)))


def test_s17_the_reaper_gets_round_all_seats_a_stretch_at_a_time(postgres_db: str) -> None:
    customer = Customer("alice", seats=10)
    clock = ManualClock()
    store = PostgresStore(postgres_db, clock=clock)
    store.apply([customer.acquire(f"laptop-{n}") for n in range(10)])
    lapsed = {1, 4, 9}
    let_lapse(postgres_db, lapsed)
    walk, rounds = Walk(seats_of_a_round=4), []

    with psycopg.connect(postgres_db) as connection:
        for _ in range(4):
            found = walk.go_on(
                lambda statement, **values: connection.execute(
                    statement.encode(), values
                ).fetchone(),
                now=as_text(clock.now),
                most=10,
            )
            rounds.append([slot for _, _, slot in found])
    store.close()

    assert rounds == [[1], [4], [9, 1], [4]]


def let_lapse(url: str, slots: set[int]) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE seat SET lease_expires_at = '2001-01-01' WHERE slot = ANY(%s)", [list(slots)]
        )
