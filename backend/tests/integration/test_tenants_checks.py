"""A server does not take requests with a login to which the walls mean nothing."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from django.core.checks import CheckMessage, run_checks
from psycopg import sql

from tenants.checks import (
    every_table_has_walls,
    login_may_act_for_tenants,
    login_stands_below_the_walls,
)
from tenants.wiring import SERVING
from tests.support.postgres import as_control, as_leasing, as_login

VARIABLE = "LICENSE_DATABASE_URL"
POWERS = {
    "SUPERUSER": "is a superuser",
    "BYPASSRLS": "may bypass row-level security",
    "CREATEROLE": "may make roles",
    "IN ROLE leasing": "inherits the role leasing",
    "IN ROLE license": "owns the tables",
}


@pytest.fixture
def dba(postgres_db: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_db, autocommit=True) as superuser:
        yield superuser


@pytest.fixture
def mighty(dba: psycopg.Connection[Any], postgres_db: str, power: str) -> Iterator[str]:
    """The address of a server's login with one power too many."""
    dba.execute(sql.SQL("CREATE ROLE mighty LOGIN " + power))
    dba.execute("GRANT control_plane TO mighty")
    yield as_login(postgres_db, "mighty")
    dba.execute("DROP ROLE mighty")


def powers(url: str, *, leases: bool = False) -> Sequence[str]:
    with psycopg.connect(url) as login, login.cursor() as cursor:
        found = login_stands_below_the_walls(cursor, VARIABLE, leases=leases)
    assert {error.id for error in found} <= {"tenants.E001"}
    return [error.msg for error in found]


@pytest.mark.parametrize("power", POWERS)
def test_s11_a_login_with_one_power_too_many_is_refused(mighty: str, power: str) -> None:
    assert f"the login in {VARIABLE} {POWERS[power]}" in powers(mighty)


def test_the_logins_of_the_how_to_are_taken(postgres_db: str) -> None:
    assert powers(as_control(postgres_db)) == []
    assert powers(as_leasing(postgres_db), leases=True) == []


@pytest.mark.parametrize("power", ["IN ROLE leasing"])
def test_the_leasing_planes_login_may_inherit_its_role(mighty: str) -> None:
    assert powers(mighty, leases=True) == []


def test_a_login_that_cannot_act_for_tenants_is_refused(
    dba: psycopg.Connection[Any], postgres_db: str
) -> None:
    with psycopg.connect(as_leasing(postgres_db)) as login, login.cursor() as cursor:
        (refused,) = login_may_act_for_tenants(cursor)
    with psycopg.connect(as_control(postgres_db)) as login, login.cursor() as cursor:
        assert login_may_act_for_tenants(cursor) == []

    assert refused.id == "tenants.E002"
    assert "GRANT control_plane TO license_leasing" in str(refused.hint)


@pytest.mark.parametrize(
    "tear_down",
    [
        "CREATE TABLE letter (tenant_id uuid)",
        "ALTER TABLE seat NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE tenant DISABLE ROW LEVEL SECURITY",
    ],
)
def test_s11_a_table_without_walls_is_refused(tear_down: str, dba: psycopg.Connection[Any]) -> None:
    with dba.cursor() as cursor:
        assert every_table_has_walls(cursor) == []
        dba.execute(tear_down.encode())
        (refused,) = every_table_has_walls(cursor)

    assert refused.id == "tenants.E003"
    assert tear_down.split()[2] in refused.msg


def test_the_checks_are_made_before_a_server_starts_and_not_before_a_migration(
    dba: psycopg.Connection[Any],
) -> None:
    dba.execute("ALTER TABLE seat NO FORCE ROW LEVEL SECURITY")

    assert found(tags=[SERVING], include_deployment_checks=True) == ["tenants.E003"]
    assert found() == []


def found(**options: Any) -> list[str | None]:
    messages: Sequence[CheckMessage] = run_checks(databases=["default"], **options)
    return [message.id for message in messages]
