"""A request of the control plane holds its connection to the database no longer than it lasts."""

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from tests.support.office import PRODUCTS, Office
from tests.support.plane import problem
from tests.support.waiting import until

OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def test_after_a_request_its_connection_is_closed(
    postgres_db: str, office_on_postgres: Office
) -> None:
    alice = office_on_postgres.tenant("alice")
    with psycopg.connect(postgres_db, autocommit=True) as watcher:

        def open_connections() -> int:
            row = watcher.execute(OTHERS).fetchone()
            assert row is not None
            return int(row[0])

        before = open_connections()
        for number in range(5):
            body = {"code": f"p{number}", "name": "P"}
            office_on_postgres.call("POST", PRODUCTS, alice.admin, json=body)
            office_on_postgres.call("GET", PRODUCTS, alice.viewer)
            office_on_postgres.call("POST", PRODUCTS, alice.viewer, json=body)

        until(lambda: open_connections() == before)


def test_s14_a_database_that_does_not_answer_is_said_so_and_forgotten_when_it_does(
    postgres_db: str, office_on_postgres: Office
) -> None:
    alice = office_on_postgres.tenant("alice")
    name = str(conninfo_to_dict(postgres_db)["dbname"])
    assert office_on_postgres.call("GET", PRODUCTS, alice.viewer).status_code == 200

    def allow_connections(*, allowed: bool) -> None:
        statement = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
        with psycopg.connect(postgres_db, dbname="postgres", autocommit=True) as administrator:
            administrator.execute(statement.format(sql.Identifier(name), sql.Literal(allowed)))

    allow_connections(allowed=False)
    try:
        answer = office_on_postgres.call("GET", PRODUCTS, alice.viewer)
    finally:
        allow_connections(allowed=True)

    assert problem(answer) == (503, "store_unavailable")
    assert office_on_postgres.call("GET", PRODUCTS, alice.viewer).status_code == 200
