"""S11: ten thousand requests of four tenants over two connections, and none sees another's rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from coditect_license.private_postgres import PrivatePostgres
from tenants.current import tenant_transaction
from tests.support.customer import Customer
from tests.support.pgbouncer import Pooler, running_pgbouncer
from tests.support.postgres import CONTROL_LOGIN, as_control, django_on
from tests.support.tenant_traffic import Traffic, forged, kept

TENANTS = ("alice", "bob", "charlie", "dora")
POOL_SIZE = 2
REQUESTS = 10_000


@pytest.fixture(scope="module")
def narrow(postgres_server: PrivatePostgres) -> Iterator[Pooler]:
    """A pooler with two connections, in transaction mode."""
    with running_pgbouncer(postgres_server, pool_size=POOL_SIZE) as running:
        yield running


@pytest.fixture
def customers(postgres_db: str) -> list[Customer]:
    return [Customer(name, seats=1) for name in TENANTS]


@pytest.fixture
def through(narrow: Pooler, postgres_db: str, customers: list[Customer]) -> Iterator[str]:
    """Django goes by a server's own login through the pooler; the value is the owner's address."""
    with django_on(as_control(narrow.through(postgres_db))):
        yield postgres_db


def test_s11_ten_thousand_interleaved_requests_leak_nothing(
    through: str, customers: list[Customer]
) -> None:
    traffic = Traffic(customers, enter=tenant_transaction, owner_url=through)

    traffic.run(requests=REQUESTS, threads=8)

    assert traffic.leaks == []
    assert traffic.ended.total() == REQUESTS
    assert min(traffic.ended.values()) > 20, traffic.ended  # each way to fail was gone
    with django_on(through):
        assert sorted(forged()) == sorted((one.tenant.id, one.name) for one in customers)
        written = {one.tenant.id: kept(one.tenant.id) for one in customers}
    assert written == dict(traffic.written)


@contextmanager
def left_in_the_session(tenant_id: UUID) -> Iterator[None]:
    """Name the tenant as it is often done: once, for the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant_id)])
    yield


@contextmanager
def left_for_the_next(tenant_id: UUID) -> Iterator[None]:
    """Act in the transaction, and not for it."""
    with left_in_the_session(tenant_id), connection.cursor() as cursor:
        cursor.execute("SET ROLE control_plane")
        yield


@pytest.mark.parametrize("enter", [left_in_the_session, left_for_the_next])
def test_s11_the_same_traffic_finds_the_leaks_of_settings_for_the_session(
    enter: Callable[[UUID], object], through: str, customers: list[Customer]
) -> None:
    traffic = Traffic(customers, enter=enter, owner_url=through)  # type: ignore[arg-type]

    traffic.run(requests=200, threads=8)

    assert any("found" in leak for leak in traffic.leaks)
    assert any("a session was left" in leak for leak in traffic.leaks)


def test_the_pool_has_two_connections(through: str, customers: list[Customer]) -> None:
    """More would prove less."""
    Traffic(customers, enter=tenant_transaction, owner_url=through).run(requests=80, threads=8)

    with psycopg.connect(through) as owner:
        (connections,) = owner.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = %s",
            [CONTROL_LOGIN],
        ).fetchone() or (0,)
    assert 1 <= connections <= POOL_SIZE
