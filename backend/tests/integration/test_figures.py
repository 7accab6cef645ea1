"""Figures about the whole ledger, as a scrape shows them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from foundation.clock import utc_now
from foundation.metrics import exposition
from leasing.census import CensusReader
from leasing.figures import FiguresThread, Pace
from leasing.store import Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.postgres.census import PostgresCensus
from leasing.stores.sqlite import SqliteStore
from leasing.stores.sqlite.census import SqliteCensus
from licenses.models import OutboxMessage
from tenants.current import tenant_transaction
from tests.support.customer import Customer
from tests.support.postgres import as_leasing
from tests.support.waiting import until

SECONDS = 60


def shown(name: str) -> dict[str, float]:
    """Return the series of a metric by its labels as written."""
    lines = (line.rpartition(" ") for line in exposition().splitlines())
    return {
        series.removeprefix(name): float(value)
        for series, _, value in lines
        if series == name or series.startswith(f"{name}{{")
    }


@contextmanager
def running(reader: CensusReader, counts_here: Callable[[], bool] = lambda: True) -> Iterator[None]:
    thread = FiguresThread(
        reader,
        counts_here=counts_here,
        most_named=5,
        clock=utc_now,
        pace=Pace(pause_seconds=0.05, rest=0),
    )
    thread.start()
    try:
        yield
    finally:
        thread.stop()


def wait_for(name: str, value: float) -> None:
    until(
        lambda: list(shown(name).values()) == [value],
        seconds=SECONDS,
        failure=f"{name} did not become {value}",
    )


@pytest.fixture(params=["db", "postgres_db"])
def database(request: pytest.FixtureRequest) -> Path | str:
    """A migrated ledger: a file, or an address."""
    found: Path | str = request.getfixturevalue(request.param)
    return found


def serve(database: Path | str, *, was_restored: bool) -> None:
    """Open the ledger and close it again, as a server that was started and stopped."""
    store: Store
    if isinstance(database, Path):
        store = SqliteStore(database, was_restored=was_restored)
    else:
        store = PostgresStore(as_leasing(database), was_restored=was_restored)
    store.close()


@pytest.fixture
def reader(database: Path | str) -> CensusReader:
    if isinstance(database, Path):
        return SqliteCensus(database)
    return PostgresCensus(as_leasing(database))


def test_the_oldest_notice_of_any_tenant_is_told(reader: CensusReader) -> None:
    tenants = [Customer(name, seats=1).tenant.id for name in ("alice", "bob", "charlie")]
    with running(reader):
        wait_for("license_outbox_age_seconds", 0.0)
        for number, tenant_id in enumerate(tenants[:2], start=1):
            with tenant_transaction(tenant_id):
                OutboxMessage.objects.create(
                    tenant_id=tenant_id,
                    topic="license.expires",
                    subject_id=tenant_id,
                    key="a-notice",
                    payload={},
                    created_at=utc_now() - timedelta(hours=number),
                )
        until(
            lambda: shown("license_outbox_age_seconds").get("", 0) >= 7_200,
            seconds=SECONDS,
            failure="the older of two notices is not told",
        )
        assert shown("license_outbox_age_seconds")[""] < 7_200 + 600
        for tenant_id in tenants[:2]:
            with tenant_transaction(tenant_id):
                OutboxMessage.objects.update(delivered_at=utc_now())
        wait_for("license_outbox_age_seconds", 0.0)


def test_a_hold_is_told_by_every_process(database: Path | str, reader: CensusReader) -> None:
    serve(database, was_restored=False)
    with running(reader, counts_here=lambda: False):
        wait_for("license_reclaim_hold", 0.0)
        serve(database, was_restored=True)
        wait_for("license_reclaim_hold", 1.0)
        assert shown("license_leases") == {}


def test_who_does_not_count_any_more_shows_nothing_at_once(reader: CensusReader) -> None:
    turn = [True]
    with running(reader, counts_here=lambda: turn[0]):
        until(lambda: shown("license_leases"), seconds=SECONDS, failure="nothing was counted")
        seen = {name: shown(name) for name in ("license_seats_exhausted", "license_leases")}
        turn[0] = False

        assert shown("license_leases") == shown("license_figures_age_seconds") == {}
        assert shown("license_outbox_age_seconds") == shown("license_seats_exhausted") == {}
    assert seen["license_leases"] == {'{state="live"}': 0.0, '{state="lapsed"}': 0.0}


def test_a_ledger_that_is_away_leaves_what_was_seen_and_its_age(db: Path) -> None:
    ledger = db.with_name("gone.sqlite3")
    ledger.write_bytes(db.read_bytes())
    with running(SqliteCensus(ledger)):
        until(lambda: shown("license_leases"), seconds=SECONDS, failure="nothing was counted")
        ledger.unlink()
        until(
            lambda: shown("license_figures_age_seconds").get("", 0) > 0.5,
            seconds=SECONDS,
            failure="what is shown does not grow old",
        )

        assert shown("license_leases") == {'{state="live"}': 0.0, '{state="lapsed"}': 0.0}
