"""Statements of PostgreSQL touch the rows they are asked about, whatever statistics say (S17)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest

from leasing.store import Lease
from leasing.stores.postgres import PostgresStore, statements
from licenses import operations
from tests.support.clock import START
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
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statements.BEGIN.encode())
        row = connection.execute(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".encode(), {"wanted": json.dumps(wanted)}
        ).fetchone()
    assert row is not None
    return max(map(rows_touched, steps(row[0][0]["Plan"])))


def steps(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from steps(part)


def rows_touched(step: Mapping[str, Any]) -> float:
    read = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
    return float(step["Actual Loops"] * (read + step.get("Rows Removed by Join Filter", 0)))
