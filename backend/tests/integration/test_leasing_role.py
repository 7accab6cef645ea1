"""What the leasing plane may do in PostgreSQL: its work, and nothing else (S11, docs/adr/0011)."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection as django_connection
from psycopg import errors, sql

from audit.operations import Signed, count_signatures
from audit.sealer import Sealer
from foundation.clock import utc_now
from leasing.stores.postgres import PostgresStore, statements
from licenses.expiry_notices import due_notices
from licenses.tier_operations import ensure_tiers
from management_api.models import KeptAnswer
from privacy.models import Erasure
from privacy.retention import choose_retention
from privacy.rules import Category
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.audited import a_notary
from tests.support.clock import START
from tests.support.customer import VENDOR, Customer
from tests.support.people import invite_and_issue
from tests.support.postgres import LEASING_LOGIN, as_leasing, as_login
from tests.support.tenant_check import CONTROL_PLANE_TABLES, TENANT_TABLES

WALLED = TENANT_TABLES | CONTROL_PLANE_TABLES | {"tenant"}
WITHOUT_TENANT = {
    "ledger_state",
    "signing_key",
    "key_set_version",
    "key_rotation",
    "signing_revocation",
    "trusted_issuer",
    "sealer_turn",
    "tenant_alias",
    "django_migrations",
}
VALUES: dict[str, object] = {
    "wanted": "[]",
    "rows": "[]",
    "hmacs": "[]",
    "most": 1,
    "slot": 0,
    "cap": 1,
    "tenant": "0" * 32,
    "license": "0" * 32,
    "session": "0" * 32,
    "instance": "",
    "now": "2026-01-01",
    "horizon": "2026-01-01",
    "alive": "2026-01-01",
    "hold_since": None,
    "silent_since": None,
    "timeline": "00000001",
    "device": "",
    "person": "",
    "gen": 1,
    "principal": "",
    "seq": 1,
    "since": "2026-01-01",
    "ends": "2026-01-01",
    "until": "2026-01-01",
    "seats": 1,
}
"""Something for every value that a statement names."""

FORBIDDEN = {
    "more seats": "UPDATE license SET seats = 1000",
    "any change of a license": "UPDATE license SET updated_at = now()",
    "a license that never expires": "UPDATE license SET expires_at = 'infinity'",
    "a new license": "INSERT INTO license (id) VALUES (gen_random_uuid())",
    "no license": "DELETE FROM license",
    "reading the hint of a key": "SELECT key_hint FROM license",
    "reading what happened": "SELECT action FROM audit_event",
    "forgetting what happened": "DELETE FROM audit_event",
    "rewriting what happened": "UPDATE audit_event SET principal = 'user:nobody'",
    "emptying the book": "TRUNCATE audit_event",
    "deleting seats": "DELETE FROM seat",
    "moving a seat to another tenant": "UPDATE seat SET tenant_id = gen_random_uuid()",
    "deleting sessions": "DELETE FROM license_session",
    "moving a session to another license": "UPDATE license_session SET license_id = id",
    "reading who holds": "SELECT principal FROM license_session",
    "reading metadata": "SELECT metadata FROM license_session",
    "reading customers": "SELECT name FROM tenant",
    "reading product names": "SELECT name FROM product",
    "reading signing keys": "SELECT pem FROM signing_key",
    "trusting a signing key": "UPDATE signing_key SET status = 'active'",
    "reading issuers": "SELECT jwks FROM trusted_issuer",
    "trusting an issuer": "INSERT INTO trusted_issuer (issuer) VALUES ('evil')",
    "reading migrations": "SELECT name FROM django_migrations",
    "deleting the state": "DELETE FROM ledger_state",
    "making a table": "CREATE TABLE evil (id int)",
    "a new policy": "CREATE POLICY evil ON license FOR ALL TO leasing USING (true)",
    "no walls": "ALTER TABLE license DISABLE ROW LEVEL SECURITY",
    "passing rights on": "GRANT SELECT ON seat TO PUBLIC",
    "a new role": "CREATE ROLE evil",
    "becoming the owner": "SET ROLE license",
}


@pytest.fixture
def owner(postgres_db: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_db, autocommit=True) as connection:
        yield connection


@pytest.fixture
def leasing(postgres_db: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the leasing plane's login, in its role; no table of tenants is empty."""
    store, alice = PostgresStore(as_leasing(postgres_db)), Customer("alice", seats=1)
    store.apply([alice.acquire("laptop", "editor"), alice.acquire("desktop")])
    store.close()
    ensure_tiers(tenant_id=alice.tenant.id)
    due_notices(now=alice.license.expires_at - timedelta(days=1))
    with tenant_transaction(alice.tenant.id):
        KeptAnswer.objects.create(tenant_id=alice.tenant.id, principal=VENDOR, expires_at=START)
    with psycopg.connect(as_leasing(postgres_db), autocommit=True) as connection:
        connection.execute("SET ROLE leasing")
        yield connection


@pytest.mark.parametrize("deed", FORBIDDEN)
def test_s11_the_leasing_plane_may_not(deed: str, leasing: psycopg.Connection[Any]) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        leasing.execute(FORBIDDEN[deed].encode())


def test_what_the_leasing_plane_must_it_may(leasing: psycopg.Connection[Any]) -> None:
    leasing.execute("SELECT seats, key_hmac FROM license FOR NO KEY UPDATE")
    leasing.execute("SELECT session_id FROM seat FOR NO KEY UPDATE")

    assert leasing.execute("SELECT count(*) FROM seat").fetchone() == (1,)


def test_its_login_alone_may_do_nothing(postgres_db: str) -> None:
    with (
        psycopg.connect(as_leasing(postgres_db)) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT slot FROM seat")


def test_its_login_is_nobody_special(owner: psycopg.Connection[Any]) -> None:
    for role in (LEASING_LOGIN, "leasing"):
        assert (
            owner.execute(
                "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
                " FROM pg_roles WHERE rolname = %s",
                [role],
            ).fetchone()
            == (False,) * 5
        )


def test_a_store_steps_into_the_role_even_with_the_owners_login(postgres_db: str) -> None:
    store = PostgresStore(postgres_db)
    with store._transaction() as transaction:
        assert transaction.one("SELECT current_user") == ("leasing",)
    store.close()


def put_something_everywhere(tenant_id: UUID) -> None:
    invite_and_issue(tenant_id)
    with tenant_transaction(tenant_id):
        count_signatures({Signed("license_token", "key", "root"): 1}, now=utc_now())
        Erasure.objects.create(tenant_id=tenant_id, principal=VENDOR)
    choose_retention(
        tenant_id=tenant_id, category=Category.SESSION_DETAILS, days=7, principal=VENDOR
    )
    Sealer(a_notary(), clock=utc_now).round()


def test_s11_whoever_has_no_policy_of_his_own_sees_no_row(
    owner: psycopg.Connection[Any], leasing: psycopg.Connection[Any], postgres_db: str
) -> None:
    put_something_everywhere(Tenant.objects.latest("created_at").id)
    owner.execute("DROP ROLE IF EXISTS stranger")
    owner.execute("CREATE ROLE stranger LOGIN")
    owner.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO stranger")

    with psycopg.connect(as_login(postgres_db, "stranger"), autocommit=True) as stranger:
        for table in WALLED:
            of_table = sql.Identifier(table)
            count = sql.SQL("SELECT count(*) FROM {}").format(of_table)
            assert owner.execute(count).fetchone() != (0,), table
            assert stranger.execute(count).fetchone() == (0,), table
            assert stranger.execute(sql.SQL("DELETE FROM {}").format(of_table)).rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege):
            stranger.execute("INSERT INTO tenant VALUES (gen_random_uuid(), 'x', 'X', now())")
    owner.execute("DROP OWNED BY stranger")
    owner.execute("DROP ROLE stranger")


class TestEveryTable:
    @pytest.mark.usefixtures("postgres_db")
    def test_is_known_here(self) -> None:
        with django_connection.cursor() as cursor:
            tables = set(django_connection.introspection.table_names(cursor))

        assert tables == WALLED | WITHOUT_TENANT

    def test_that_carries_a_tenant_has_walls(self, owner: psycopg.Connection[Any]) -> None:
        walled = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relrowsecurity"
        ).fetchall()
        tenant_columns = owner.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        ).fetchall()

        assert {name for (name,) in walled} == WALLED
        assert {name for (name,) in tenant_columns} == TENANT_TABLES | CONTROL_PLANE_TABLES

    def test_has_no_policy_without_a_condition_but_the_leasing_roles(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        """The one exception is named: a batch of the leasing plane mixes tenants."""
        policies = owner.execute(
            "SELECT DISTINCT roles::text[] FROM pg_policies"
            " WHERE coalesce(qual, with_check) !~ 'app.tenant_id'"
        ).fetchall()

        assert policies == [(["leasing"],)]


class TestEveryGrant:
    """Explaining a statement checks its rights as running it would, and changes nothing."""

    def test_together_they_suffice_for_every_statement(
        self, leasing: psycopg.Connection[Any]
    ) -> None:
        assert refused(leasing) == set()

    def test_alone_is_needed_by_a_statement(self, owner: psycopg.Connection[Any]) -> None:
        granted = grants(owner)
        assert len(granted) > 50
        assert {("seat", "ctid", "SELECT"), ("license", "xmin", "SELECT")} <= set(granted)

        needless = [grant for grant in granted if not refused_without(grant, owner)]

        assert not needless, f"granted and not needed: {needless}"

    def test_more_than_the_migration_gave_would_be_noticed(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        owner.execute("GRANT SELECT (key_hint) ON license TO leasing")

        assert not refused_without(("license", "key_hint", "SELECT"), owner)
        assert ("license", "key_hint", "SELECT") in grants(owner)


Grant = tuple[str, str, str]
NO_QUERIES = {"BEGIN", "BEGIN_SNAPSHOT", "COMMIT", "WITHIN_SESSION", "WITHIN_TRANSACTION"}


def grants(owner: psycopg.Connection[Any]) -> list[Grant]:
    """Return every right of the role as table, column and deed; the column is empty for DELETE.

    The information schema leaves out the columns that every table has.
    """
    columns = owner.execute(
        "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges"
        " WHERE grantee = 'leasing'"
    ).fetchall()
    tables = owner.execute(
        "SELECT table_name, '', privilege_type FROM information_schema.table_privileges"
        " WHERE grantee = 'leasing'"
    ).fetchall()
    of_every_table = owner.execute(
        "SELECT c.relname, a.attname, x.privilege_type FROM pg_attribute AS a"
        " JOIN pg_class AS c ON c.oid = a.attrelid, aclexplode(a.attacl) AS x"
        " WHERE a.attnum < 0 AND x.grantee = 'leasing'::regrole"
    ).fetchall()
    return sorted([*columns, *tables, *of_every_table])


def refused_without(grant: Grant, owner: psycopg.Connection[Any]) -> set[str]:
    """Return the statements that the role may not run when one of its rights is taken away."""
    table, column, deed = grant
    what = sql.SQL(deed) + (
        sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL("")
    )
    with owner.transaction(force_rollback=True):
        owner.execute(sql.SQL("REVOKE {} ON {} FROM leasing").format(what, sql.Identifier(table)))
        owner.execute("SET LOCAL ROLE leasing")
        return refused(owner)


def refused(connection: psycopg.Connection[Any]) -> set[str]:
    """Return the names of the statements that a connection may not run."""
    return {name for name, text in all_statements().items() if not may(connection, text)}


def may(connection: psycopg.Connection[Any], statement: str) -> bool:
    try:
        with connection.transaction(), psycopg.ClientCursor(connection) as cursor:
            cursor.execute(b"EXPLAIN " + statement.encode(), VALUES)
    except errors.InsufficientPrivilege:
        return False
    return True


def all_statements() -> Mapping[str, str]:
    """Return every statement of the store by its name."""
    named = {
        name: text
        for name, text in vars(statements).items()
        if name.isupper() and isinstance(text, str) and name not in NO_QUERIES
    }
    assert len(named) > 25
    assert set(statements.LOCKED_FIRST.values()) <= set(named.values())
    return named
