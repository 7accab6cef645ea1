"""The logins that the how-to makes are the ones with which the server works, and no others."""

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from coditect_license.private_postgres import PrivatePostgres, running_postgres
from leasing.stores.postgres import PostgresStore
from tenants.checks import (
    every_table_has_walls,
    login_may_act_for_tenants,
    login_stands_below_the_walls,
)
from tests.support.postgres import folder_for_postgres, make_template

TEXT = (Path(__file__).parents[3] / "docs/how-to/database-roles.md").read_text()
STATEMENTS = "".join(re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    """A cluster of the test's own: roles belong to the whole of one."""
    with folder_for_postgres() as folder, running_postgres(folder, durable=False) as running:
        yield running


def test_what_it_says_makes_the_logins_of_a_server(server: PrivatePostgres) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as dba:
        dba.execute(STATEMENTS.encode())
    database = make_template(server)

    url = server.url(database, login="license_control")
    with psycopg.connect(url) as login, login.cursor() as cursor:
        assert login_stands_below_the_walls(cursor, "LICENSE_DATABASE_URL") == []
        assert login_may_act_for_tenants(cursor) == []
        assert every_table_has_walls(cursor) == []
    PostgresStore(server.url(database, login="license_leasing")).close()
    with psycopg.connect(server.url(database, login="license_backup")) as backup:
        backup.execute("SET row_security = off")
        assert backup.execute("SELECT count(*) FROM license").fetchone() == (0,)


def test_every_check_is_in_its_table() -> None:
    code = Path(__file__).parents[3] / "backend/tenants"
    ids = {
        number
        for file in code.glob("*.py")
        for number in re.findall(r'"(tenants\.E\d+)"', file.read_text())
    }

    assert ids == set(re.findall(r"\| (tenants\.E\d+) \|", TEXT))
