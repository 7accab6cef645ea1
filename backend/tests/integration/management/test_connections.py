"""A request of the control plane holds its connection to the database no longer than it lasts."""

import psycopg

from tests.support.office import PRODUCTS, Office
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
