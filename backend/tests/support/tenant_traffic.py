"""Requests of several tenants, interleaved over few connections, of which many fail on purpose.

::

    traffic = Traffic(customers, enter=tenant_transaction, owner_url=url)
    traffic.run(requests=10_000, threads=8)
    assert traffic.leaks == []

Each request reads all rows of a table past the models' own filter, so that what keeps tenants
apart is the database alone; it must find exactly its tenant's. Between requests it asks on behalf
of nobody, and must find none.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from random import Random
from typing import Final
from uuid import UUID

import psycopg
from django.db import DatabaseError, InterfaceError, connection, connections

from audit.models import AuditEvent
from licenses.models import License, Product
from tests.support.customer import Customer

_ACTION: Final = "traffic.passed"
_WHO: Final = "SELECT current_user, current_setting('app.tenant_id', true)"
_ENDINGS: Final = {
    "is answered": 800,
    "writes": 100,
    "raises after a write": 40,
    "makes a mistake in SQL": 20,
    "times out": 20,
    "drops its connection": 15,
    "is cut off": 5,
}
"""How a request goes on after it has read, and how often of a thousand times."""

Enter = Callable[[UUID], AbstractContextManager[object]]


class Failed(Exception):
    """A request that went wrong on purpose, after it had written."""


class Traffic:
    """Threads that make requests; Django's default connection must be one of many clients'."""

    def __init__(self, customers: Sequence[Customer], *, enter: Enter, owner_url: str) -> None:
        self.leaks: list[str] = []
        self.ended: Counter[str] = Counter()
        self.written: Counter[UUID] = Counter()
        self._customers = customers
        self._enter = enter
        self._owner_url = owner_url

    def run(self, *, requests: int, threads: int, seed: int = 1) -> None:
        """Make so many requests, evenly from all threads; return when all are over."""
        workers = [
            threading.Thread(target=self._work, args=(requests // threads, Random(f"{seed}/{n}")))
            for n in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _work(self, requests: int, random: Random) -> None:
        try:
            for number in range(requests):
                customer = random.choice(self._customers)
                (ending,) = random.choices(list(_ENDINGS), list(_ENDINGS.values()))
                with suppress(Failed, DatabaseError, InterfaceError):
                    self._request(customer, ending)
                self.ended[ending] += 1
                if number % 4 == 0 or ending != "is answered":
                    self._ask_for_nobody()
        except BaseException as error:
            self.leaks.append(f"a thread died: {error!r}")
            raise
        finally:
            connections.close_all()

    def _request(self, customer: Customer, ending: str) -> None:
        tenant_id: UUID = customer.tenant.id
        with self._enter(tenant_id):
            self._look(tenant_id, License, {customer.license.id})
            if ending in {"writes", "raises after a write"}:
                event = AuditEvent(tenant_id=tenant_id, action=_ACTION, principal=customer.name)
                AuditEvent.across_tenants.bulk_create([event])
            _go_wrong(ending, self._owner_url)
            self._look(tenant_id, Product, {customer.product.id})
        if ending == "writes":
            self.written[tenant_id] += 1

    def _look(self, tenant_id: UUID, model: type[License | Product], expected: set[UUID]) -> None:
        found = set(model.across_tenants.values_list("tenant_id", "id"))
        if found != {(tenant_id, row) for row in expected}:
            self.leaks.append(f"{tenant_id} found {found} in {model.__name__}")

    def _ask_for_nobody(self) -> None:
        with suppress(DatabaseError, InterfaceError):  # the connection that was just cut
            with connection.cursor() as cursor:
                cursor.execute(_WHO)
                role, tenant = cursor.fetchone()
            if role == "control_plane" or tenant:
                self.leaks.append(f"a session was left as {role} for {tenant}")
            if found := list(Product.across_tenants.values_list("tenant_id", flat=True)):
                self.leaks.append(f"nobody found products of {found}")
            return
        connection.close()


def _go_wrong(ending: str, owner_url: str) -> None:
    match ending:
        case "raises after a write":
            raise Failed
        case "makes a mistake in SQL":
            _execute("SELECT 1 / 0")
        case "times out":
            _execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)")
        case "drops its connection":
            connection.close()
        case "is cut off":
            _cut(owner_url)


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _cut(owner_url: str) -> None:
    """End the session in the database, as a failover does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 1000)", [pid])


def kept(tenant_id: UUID) -> int:
    """Return how many requests of a tenant are in the book, whoever wrote them."""
    return AuditEvent.across_tenants.filter(tenant_id=tenant_id, action=_ACTION).count()


def forged() -> list[tuple[UUID, str]]:
    """Return tenants in whose book another one's name stands."""
    return list(
        AuditEvent.across_tenants.filter(action=_ACTION)
        .values_list("tenant_id", "principal")
        .distinct()
    )
