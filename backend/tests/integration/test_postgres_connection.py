"""The store's connection: what it keeps prepared, and how long a database may say nothing."""

from foundation.clock import Clock
from leasing.store import Lease, Store
from leasing.stores.postgres import PostgresStore, statements
from leasing.stores.postgres.connection import ReconnectingConnection
from tests.support.customer import Customer
from tests.support.drill import Drill
from tests.support.postgres import as_leasing
from tests.support.world import Address


def limits(url: str) -> dict[str, str]:
    """Return what a connection that was made took for its limits."""
    connection = ReconnectingConnection(url)
    connection.execute("SELECT 1").fetchone()
    assert connection._open is not None
    parameters = connection._open.info.get_parameters()
    connection.close()
    return parameters


def prepared(url: str, *, prepares: bool) -> set[str]:
    """Return what a store has left prepared on its connection after a few calls of each kind."""
    store, customer = PostgresStore(as_leasing(url), prepares=prepares), Customer("alice", seats=9)
    for number in range(4):
        (lease,) = store.apply([customer.acquire(f"laptop-{number}")])
        assert isinstance(lease, Lease)
        store.apply([customer.heartbeat(lease.session_id), customer.release(lease.session_id)])
    rows = store._connection.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    store.close()
    return {statement for (statement,) in rows}


def test_nothing_is_prepared_unless_the_settings_say_so(postgres_db: str) -> None:
    assert prepared(postgres_db, prepares=False) == set()


def test_plans_are_kept_when_the_settings_say_so(postgres_db: str) -> None:
    texts = " ".join(prepared(postgres_db, prepares=True))

    assert "INSERT INTO seat " in texts
    assert "UPDATE seat SET" in texts


def test_s1_to_s6_and_s15_a_store_with_kept_plans_passes_the_drill(postgres_db: str) -> None:
    def open_prepared(database: Address, clock: Clock) -> Store:
        return PostgresStore(as_leasing(str(database)), clock=clock, prepares=True)

    drill = Drill(postgres_db, seed=0, open_store=open_prepared, with_restores=True)

    assert drill.run(300) == set(), drill.differences


def test_s17_a_silent_database_counts_as_gone_after_seconds(postgres_db: str) -> None:
    found = limits(postgres_db)

    assert (found["connect_timeout"], found["tcp_user_timeout"]) == ("5", "8000")
    assert found["keepalives_idle"] == "4"


def test_the_address_may_say_otherwise(postgres_db: str) -> None:
    found = limits(f"{postgres_db}&tcp_user_timeout=30000")

    assert (found["connect_timeout"], found["tcp_user_timeout"]) == ("5", "30000")


def test_s17_a_transaction_that_falls_silent_is_ended_by_the_database(postgres_db: str) -> None:
    connection = ReconnectingConnection(postgres_db)
    connection.execute(statements.BEGIN)
    connection.execute(statements.WITHIN_TRANSACTION)
    (limit,) = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() or ("",)
    connection.close()

    assert limit == "5s"
