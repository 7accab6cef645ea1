"""The store's connection: how long a database may say nothing, and who may say otherwise."""

from leasing.stores.postgres import statements
from leasing.stores.postgres.connection import ReconnectingConnection


def limits(url: str) -> dict[str, str]:
    """Return what a connection that was made took for its limits."""
    connection = ReconnectingConnection(url)
    connection.execute("SELECT 1")
    assert connection._open is not None
    parameters = connection._open.info.get_parameters()
    connection.close()
    return parameters


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
    (limit,) = connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() or ("",)
    connection.close()

    assert limit == "5s"
