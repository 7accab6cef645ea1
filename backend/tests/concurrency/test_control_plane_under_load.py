"""Django's writes beside a ledger under full load: none refused, all soon."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest
from django.db import connections

from audit.models import AuditEvent
from leasing.store import Lease
from leasing.stores.sqlite import SqliteStore
from tests.support.children import child, line_of, say_to
from tests.support.customer import Customer
from tests.support.telling import tell

VENDORS = 4
WRITES = 40
BATCH = 48
LONGEST_WAIT_SECONDS = 2.0


class Load:
    """Batches of heartbeats, one after the other without a pause."""

    def __init__(self, database: Path, customer: Customer) -> None:
        self._store = SqliteStore(database)
        leases = self._store.apply([customer.acquire(f"device-{n}") for n in range(BATCH)])
        sessions = [lease.session_id for lease in leases if isinstance(lease, Lease)]
        self._beats = [customer.heartbeat(session) for session in sessions]
        self._is_over = threading.Event()
        self.batches = 0
        self.failures = 0

    def run(self) -> None:
        while not self._is_over.is_set():
            outcomes = self._store.apply(self._beats)
            self.failures += sum(isinstance(outcome, Exception) for outcome in outcomes)
            self.batches += 1
        self._store.close()

    def stop(self) -> None:
        self._is_over.set()


@contextmanager
def full_load(database: Path, customer: Customer) -> Iterator[Load]:
    load = Load(database, customer)
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield load
    finally:
        load.stop()
        thread.join()


class VendorThread(threading.Thread):
    """Resizes a license again and again; keeps how long each write took."""

    def __init__(self, customer: Customer) -> None:
        super().__init__()
        self._customer = customer
        self.waits_seconds: list[float] = []

    def run(self) -> None:
        try:
            for turn in range(WRITES):
                began_at = perf_counter()
                self._customer.resize(10 + turn)
                self.waits_seconds.append(perf_counter() - began_at)
        finally:
            connections.close_all()


@pytest.mark.alone
def test_django_threads_and_another_process_write_beside_full_heartbeat_load(db: Path) -> None:
    loaded = Customer("loaded", seats=BATCH)
    vendors = [VendorThread(Customer(f"customer-{n}", seats=10)) for n in range(VENDORS)]
    script = Customer("script", seats=10)

    with child("resize_license", db, script.license.id, WRITES) as process:
        assert line_of(process) == "ready\n"
        with full_load(db, loaded) as load:
            say_to(process, "go")
            for vendor in vendors:
                vendor.start()
            for vendor in vendors:
                vendor.join()
            script_worst_ms = float(line_of(process))

    worst_ms = max(max(vendor.waits_seconds) for vendor in vendors) * 1_000
    tell(f"{load.batches} batches of {BATCH} heartbeats beside {(VENDORS + 1) * WRITES} writes")
    tell(f"longest Django write: threads {worst_ms:.0f} ms, process {script_worst_ms:.0f} ms")
    assert load.failures == 0
    assert [len(vendor.waits_seconds) for vendor in vendors] == [WRITES] * VENDORS
    assert (
        AuditEvent.across_tenants.filter(action="license.resized").count() == (VENDORS + 1) * WRITES
    )
    assert max(worst_ms, script_worst_ms) < LONGEST_WAIT_SECONDS * 1_000
