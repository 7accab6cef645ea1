"""logins.sql makes the logins that a server takes, by an owner with what Cloud SQL gives."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from deploy.database_logins.cloud_sql import LOGINS_SQL, Instance, running_instance

from tenants.checks import (
    every_table_has_walls,
    login_may_act_for_tenants,
    login_stands_below_the_walls,
)

OF_A_LOGIN = """
SELECT rolinherit, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
    ARRAY(
        SELECT roleid::regrole::text FROM pg_auth_members WHERE member = login.oid ORDER BY 1
    )
FROM pg_roles AS login WHERE rolname = %s
"""


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """Cloud SQL's roles, then logins.sql, then the first migration, as README.md has it."""
    with (
        tempfile.TemporaryDirectory(prefix="pg-") as postgres,
        tempfile.TemporaryDirectory(prefix="logins-") as programs,
        running_instance(Path(postgres) / "data", Path(programs)) as running,
    ):
        made = running.psql("license_owner", LOGINS_SQL)
        assert made.returncode == 0, made.stderr
        migrated = running.migrate()
        assert migrated.returncode == 0, migrated.stderr
        yield running


def complaints(address: str, *, leases: bool = False) -> list[str]:
    """Return what a server would say of a login before it starts."""
    with psycopg.connect(address) as connection, connection.cursor() as cursor:
        said = [*login_stands_below_the_walls(cursor, "THE ADDRESS", leases=leases)]
        if not leases:
            said += [*login_may_act_for_tenants(cursor), *every_table_has_walls(cursor)]
    return [f"{one.id}: {one.msg}" for one in said]


def test_a_server_takes_the_logins(instance: Instance) -> None:
    assert complaints(instance.url("license_control")) == []
    assert complaints(instance.url("license_leasing"), leases=True) == []


@pytest.mark.parametrize("login", ["license_owner", "made_by_the_api"])
def test_a_login_that_cloud_sql_makes_is_refused(instance: Instance, login: str) -> None:
    assert "tenants.E001: the login in THE ADDRESS may make roles" in complaints(
        instance.url(login)
    )


@pytest.mark.parametrize(
    ("login", "inherits", "roles"),
    [
        ("license_control", True, ["control_plane", "installation"]),
        ("license_leasing", False, ["leasing"]),
    ],
)
def test_a_login_has_its_roles_and_nothing_else(
    instance: Instance, login: str, inherits: bool, roles: list[str]
) -> None:
    with psycopg.connect(instance.url("license_owner")) as owner:
        found = owner.execute(OF_A_LOGIN, [login]).fetchone()

    assert found == (inherits, False, roles)


def test_a_stranger_does_not_come_in(instance: Instance) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(instance.url("stranger"))


def test_it_does_no_harm_again(instance: Instance) -> None:
    again = instance.psql("license_owner", LOGINS_SQL)

    assert again.returncode == 0, again.stderr
    assert complaints(instance.url("license_control")) == []


def test_no_password_is_in_it() -> None:
    statements = "\n".join(
        line for line in LOGINS_SQL.read_text().splitlines() if not line.startswith("--")
    )

    assert "PASSWORD" not in statements.upper()
