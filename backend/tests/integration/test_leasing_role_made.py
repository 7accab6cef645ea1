"""The role ``leasing`` comes to be, whoever migrates: as owner who may make roles, or by a DBA."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db.utils import ProgrammingError
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from coditect_license.plane_logins import ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from leasing.errors import StoreUnavailable
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore
from licenses.models import License
from tenants.current import tenant_transaction
from tests.support.customer import Customer
from tests.support.postgres import django_on, folder_for_postgres


@pytest.fixture
def server() -> Iterator[PrivatePostgres]:
    """A cluster of the test's own: roles belong to the whole of one."""
    with folder_for_postgres() as folder, running_postgres(folder, durable=False) as running:
        yield running


@pytest.fixture
def dba(server: PrivatePostgres) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        yield connection


def ledger_of(dba: psycopg.Connection[Any], server: PrivatePostgres, role_options: str) -> str:
    """Make a login with an empty database of its own; return the address."""
    dba.execute(sql.SQL("CREATE ROLE vendor LOGIN NOSUPERUSER " + role_options))
    dba.execute("CREATE DATABASE ledger OWNER vendor")
    return server.url("ledger", login="vendor")


def migrate(url: str, *target: str) -> None:
    with django_on(url):
        call_command("migrate", *target, verbosity=0)


def assert_seats_are_granted(url: str, *, leasing_url: str = "") -> None:
    with django_on(url):
        store = PostgresStore(leasing_url or url)
        (lease,) = store.apply([Customer("alice", seats=1).acquire("laptop")])
        store.close()
    assert isinstance(lease, Lease)


def test_an_owner_who_may_make_roles_needs_nobody(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    url = ledger_of(dba, server, "CREATEROLE")

    migrate(url)

    assert_seats_are_granted(url)


def test_a_dba_makes_it_for_an_owner_who_may_not(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    url = ledger_of(dba, server, "NOCREATEROLE")
    for role in ("control_plane", "installation", "leasing"):
        hint = f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO"
        with pytest.raises(ProgrammingError, match=hint):
            migrate(url)
        dba.execute(f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO vendor")

    migrate(url)

    assert_seats_are_granted(url)


def test_the_owner_need_not_be_a_member_when_another_login_is(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    url = ledger_of(dba, server, "NOCREATEROLE")
    ensure_leasing_login(server, "lessor")
    for role in ("control_plane", "installation"):
        dba.execute(f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO vendor")

    migrate(url)

    assert_seats_are_granted(url, leasing_url=server.url("ledger", login="lessor"))
    with pytest.raises(StoreUnavailable, match=r"role leasing: permission denied.*database-roles"):
        PostgresStore(url)


def test_a_cluster_without_the_role_is_a_clear_refusal(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    ledger_of(dba, server, "NOCREATEROLE")

    with pytest.raises(StoreUnavailable, match='role "leasing" does not exist'):
        PostgresStore(server.url("ledger", login="vendor"))


def test_two_databases_of_a_cluster_share_the_role_and_not_their_rows(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    first = ledger_of(dba, server, "CREATEROLE")
    migrate(first)
    dba.execute("CREATE DATABASE second OWNER vendor")

    migrate(server.url("second", login="vendor"))

    assert_seats_are_granted(first)
    assert_seats_are_granted(server.url("second", login="vendor"))


def test_the_walls_can_be_taken_down_and_put_up_again(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    url = ledger_of(dba, server, "CREATEROLE")
    migrate(url)

    migrate(url, "leasing", "0005")
    with psycopg.connect(url) as owner:
        left = owner.execute(
            "SELECT (SELECT count(*) FROM pg_policies WHERE 'leasing' = ANY (roles)),"
            " (SELECT count(*) FROM pg_policies WHERE tablename = 'seat'),"
            " (SELECT count(*) FROM pg_class WHERE relname = 'seat' AND relforcerowsecurity),"
            " (SELECT count(*) FROM information_schema.column_privileges"
            "  WHERE grantee = 'leasing')"
        ).fetchone()
    migrate(url)

    assert left == (0, 0, 0, 0)
    assert_seats_are_granted(url)


def test_s11_the_owner_of_the_tables_is_held_by_the_walls(
    dba: psycopg.Connection[Any], server: PrivatePostgres
) -> None:
    """Without FORCE, and were the rights of the leasing role inherited, all rows would be there."""
    url = ledger_of(dba, server, "CREATEROLE")
    migrate(url)
    with django_on(url):
        alice, charlie = Customer("alice", seats=1), Customer("charlie", seats=1)
        with tenant_transaction(charlie.tenant.id):
            seen = set(License.objects.all())

    with psycopg.connect(url, autocommit=True) as owner:
        licenses = owner.execute("SELECT id FROM license").fetchall()
        tenants = owner.execute("SELECT id FROM tenant ORDER BY slug").fetchall()
        changed = owner.execute("UPDATE license SET seats = 0").rowcount

        owner.execute("SET row_security = off")  # as pg_dump does
        with pytest.raises(InsufficientPrivilege, match="affected by row-level security"):
            owner.execute("COPY license TO STDOUT")

    assert seen == {charlie.license}
    assert (licenses, changed) == ([], 0)
    assert tenants == [(alice.tenant.id,), (charlie.tenant.id,)]
