"""pgbouncer really hands connections from one client to the next, and nobody leaves a trace."""

from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection

from coditect_license.private_postgres import PrivatePostgres
from leasing.errors import StoreUnavailable
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore
from tenants.models import Tenant
from tests.support.customer import Customer
from tests.support.pgbouncer import POOL_SIZE, Pooler, documented
from tests.support.postgres import LEASING_LOGIN, as_leasing, django_on

SESSION_STATE = """
SELECT current_user, current_setting('statement_timeout'), current_setting('lock_timeout'),
       current_setting('enable_seqscan'),
       (SELECT count(*) FROM pg_prepared_statements),
       (SELECT count(*) FROM pg_cursors WHERE name <> ''),
       (SELECT count(*) FROM pg_listening_channels()),
       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
       (SELECT count(*) FROM pg_class WHERE relpersistence = 't')"""


def asked(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        return connection.execute(query.encode()).fetchone()


def backends(url: str, login: str) -> int:
    (count,) = asked(
        url,
        "SELECT count(*) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND usename = '{login}'",
    )
    return int(count)


def test_what_a_client_leaves_in_a_session_the_next_one_finds(
    pooler: Pooler, postgres_db: str
) -> None:
    """If it did not, none of the tests in this folder would prove anything."""
    through = pooler.through(postgres_db)

    asked(through, "SELECT set_config('license.left_behind', 'a trace', false)")

    assert asked(through, "SELECT current_setting('license.left_behind')") == ("a trace",)


def test_a_store_leaves_nothing_in_a_session(pooler: Pooler, postgres_db: str) -> None:
    through = as_leasing(pooler.through(postgres_db))
    untouched = asked(through, SESSION_STATE)
    customer, store = Customer("alice", seats=2), PostgresStore(through)

    (lease,) = store.apply([customer.acquire("laptop", "editor")])
    assert isinstance(lease, Lease)
    store.apply([customer.heartbeat(lease.session_id), customer.inspect(lease.session_id)])
    store.apply([customer.release(lease.session_id)])
    store.reap(10)

    assert backends(postgres_db, LEASING_LOGIN) == 1  # so the next question goes to the same one
    assert asked(through, SESSION_STATE) == untouched
    store.close()


def test_ten_stores_share_the_connections_of_the_pool(
    stores: list[PostgresStore], postgres_db: str
) -> None:
    customer = Customer("alice", seats=len(stores))

    for place, store in enumerate(stores):
        assert isinstance(store.apply([customer.acquire(f"device-{place}")])[0], Lease)

    assert POOL_SIZE == documented().getint("pgbouncer", "default_pool_size") < len(stores)
    assert 1 <= backends(postgres_db, LEASING_LOGIN) <= POOL_SIZE


def test_the_migrations_pass_through_it_and_django_works(
    pooler: Pooler, postgres_server: PrivatePostgres
) -> None:
    postgres_server.ensure_database("migrated_through_pgbouncer")
    url = pooler.through(postgres_server.url("migrated_through_pgbouncer"))

    with django_on(url):
        call_command("migrate", verbosity=0)
        Tenant.objects.create(slug="alice", name="Alice")
        names = [tenant.slug for tenant in Tenant.objects.iterator()]  # a cursor on the server?

    assert names == ["alice"]
    PostgresStore(as_leasing(url)).close()


def test_a_pool_that_is_used_up_is_an_answer_and_not_a_hang(
    pooler: Pooler, postgres_db: str
) -> None:
    through = as_leasing(pooler.through(postgres_db))
    customer, store = Customer("alice", seats=1), PostgresStore(through)
    with ExitStack() as stack:
        for _ in range(POOL_SIZE):
            busy = stack.enter_context(psycopg.connect(through, prepare_threshold=None))
            busy.execute("SELECT 1")  # its transaction stays open
        (refused,) = store.apply([customer.acquire("laptop")])

    assert isinstance(refused, StoreUnavailable)
    assert isinstance(store.apply([customer.acquire("laptop")])[0], Lease)
    store.close()


def test_startup_options_are_refused_and_the_refusal_says_so(
    pooler: Pooler, postgres_db: str
) -> None:
    with (
        django_on(f"{pooler.through(postgres_db)}&options=-cstatement_timeout%3D1"),
        pytest.raises(OperationalError, match="unsupported startup parameter: options"),
    ):
        connection.ensure_connection()
