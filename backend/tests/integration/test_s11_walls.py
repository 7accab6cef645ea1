"""S11: what PostgreSQL's own catalogue says of the walls, and what happens to who runs at them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, connection
from psycopg import errors, sql

from leasing.stores.postgres import PostgresStore
from licenses.models import Product
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.customer import Customer
from tests.support.postgres import CONTROL_LOGIN, as_control, as_leasing, django_on

ROLES = ("control_plane", "installation", CONTROL_LOGIN)
OWN = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid"
BOOK = ("audit_event", "audit_entry", "audit_checkpoint")
"""Tables of which no row is ever changed or deleted."""

FORBIDDEN = {
    "rewriting what happened": "UPDATE audit_event SET action = 'x.y'",
    "rewriting the chain": "UPDATE audit_entry SET entry = ''",
    "forgetting what happened": "DELETE FROM audit_event",
    "emptying the book": "TRUNCATE audit_event",
    "deleting a tenant": "DELETE FROM tenant",
    "deleting licenses": "DELETE FROM license",
    "granting seats": "INSERT INTO seat (tenant_id) VALUES (gen_random_uuid())",
    "extending a lease": "UPDATE seat SET lease_expires_at = 'infinity'",
    "trusting an issuer": "INSERT INTO trusted_issuer (issuer) VALUES ('evil')",
    "changing an issuer": "UPDATE trusted_issuer SET jwks = '{}'",
    "moving the ledger's clock": "UPDATE ledger_state SET last_alive_at = now()",
    "forging a migration": "INSERT INTO django_migrations (app) VALUES ('evil')",
    "making a table": "CREATE TABLE evil (id int)",
    "making a function": "CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "dropping a table": "DROP TABLE product",
    "altering a table": "ALTER TABLE product ADD COLUMN evil int",
    "a new policy": "CREATE POLICY evil ON license FOR ALL USING (true)",
    "no walls": "ALTER TABLE license DISABLE ROW LEVEL SECURITY",
    "no force": "ALTER TABLE license NO FORCE ROW LEVEL SECURITY",
    "passing its role on": "GRANT control_plane TO leasing",
    "a new role": "CREATE ROLE evil",
    "becoming the owner": "SET ROLE license",
    "becoming the leasing plane": "SET ROLE leasing",
    "replaying as a replica": "SET session_replication_role = replica",
    "reading files": "SELECT pg_read_file('PG_VERSION')",
}
FORBIDDEN_IN_A_TENANTS_TRANSACTION = {
    "rewriting who did it": "UPDATE audit_event SET principal = 'user:nobody'",
    "revoking a root": "UPDATE signing_key SET status = 'revoked'",
    "publishing a root": "INSERT INTO signing_key (key_id) VALUES ('evil')",
    "revoking a session of anybody": "INSERT INTO signing_revocation (name) VALUES ('evil')",
    "counting a new key set": "UPDATE key_set_version SET version = 1",
}


@pytest.fixture
def owner(postgres_db: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(postgres_db, autocommit=True) as superuser:
        yield superuser


@pytest.fixture
def alice(postgres_db: str) -> Customer:
    """Her tables of the leasing plane are not empty."""
    customer, store = Customer("alice", seats=1), PostgresStore(as_leasing(postgres_db))
    store.apply([customer.acquire("laptop", "editor"), customer.acquire("desktop")])
    store.close()
    return customer


@pytest.fixture
def charlie(postgres_db: str) -> Customer:
    return Customer("charlie", seats=1)


@pytest.fixture
def server(postgres_db: str) -> Iterator[psycopg.Connection[Any]]:
    """A server's own login, on behalf of nobody."""
    with psycopg.connect(as_control(postgres_db), autocommit=True) as login:
        yield login


@contextmanager
def on_behalf_of(tenant: Tenant, login: psycopg.Connection[Any]) -> Iterator[None]:
    """Begin what ``tenant_transaction`` begins, for SQL of the test's own."""
    with login.transaction(force_rollback=True):
        login.execute(
            "SELECT set_config('role', 'control_plane', true),"
            " set_config('app.tenant_id', %s, true)",
            [str(tenant.id)],
        )
        yield


def tables_of_tenants(owner: psycopg.Connection[Any]) -> list[str]:
    found = owner.execute(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY table_name"
    ).fetchall()
    assert len(found) >= 9
    return [name for (name,) in found]


def rows_in(table: str, login: psycopg.Connection[Any]) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    (count,) = login.execute(query).fetchone() or (None,)
    return int(str(count))


class TestTheCatalogue:
    def test_s11_walls_are_forced_on_every_table_of_tenants(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        forced = owner.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        ).fetchall()

        assert {name for (name,) in forced} == {*tables_of_tenants(owner), "tenant"}

    def test_s11_every_one_has_the_policy_that_asks_for_the_tenant(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        policies = owner.execute(
            "SELECT tablename, policyname, permissive, cmd, roles::text[], qual, with_check"
            " FROM pg_policies WHERE NOT 'leasing' = ANY (roles) AND tablename <> 'tenant'"
        ).fetchall()

        assert sorted(name for name, *_ in policies) == tables_of_tenants(owner)
        for _, name, permissive, deed, roles, condition, check in policies:
            assert (name, permissive, deed) == ("own_tenant", "PERMISSIVE", "ALL")
            assert roles == ["control_plane"]
            assert condition.startswith(OWN)
            assert check == condition

    def test_s11_every_key_begins_with_the_tenant_or_has_it(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        """Keys and references are checked past the walls: what they hold must be the tenant's."""
        without = owner.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype IN ('p', 'u', 'f') AND conrelid = ANY (%s::regclass[])"
            " AND NOT EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = conrelid"
            "  AND attnum = ANY (conkey) AND attname = 'tenant_id')",
            [tables_of_tenants(owner)],
        ).fetchall()

        assert without == []

    def test_s11_the_roles_of_a_server_are_harmless(self, owner: psycopg.Connection[Any]) -> None:
        for role in ROLES:
            assert owner.execute(
                "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
                " FROM pg_roles WHERE rolname = %s",
                [role],
            ).fetchall() == [(False,) * 5]
            assert (
                owner.execute(
                    "SELECT classid::regclass, objid FROM pg_shdepend"
                    " WHERE deptype = 'o' AND refobjid = %s::regrole",
                    [role],
                ).fetchall()
                == []
            ), f"{role} owns something"
            assert owner.execute(
                "SELECT has_schema_privilege(%(role)s, 'public', 'CREATE'),"
                " has_database_privilege(%(role)s, current_database(), 'CREATE'),"
                " pg_has_role(%(role)s, 'leasing', 'MEMBER'),"
                " pg_has_role(%(role)s, 'license', 'MEMBER')",
                {"role": role},
            ).fetchall() == [(False,) * 4]

    def test_s11_a_tenants_transaction_only_reads_what_belongs_to_no_tenant(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        granted = owner.execute(
            "SELECT DISTINCT table_name, privilege_type FROM information_schema.table_privileges"
            " WHERE grantee = 'control_plane' AND table_name <> ALL (%s)",
            [[*tables_of_tenants(owner), "tenant"]],
        ).fetchall()

        assert granted
        assert {right for _, right in granted} == {"SELECT"}

    def test_s11_nothing_on_behalf_of_nobody_touches_a_table_of_tenants(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        granted = owner.execute(
            "SELECT table_name, privilege_type FROM information_schema.table_privileges"
            " WHERE grantee = 'installation' AND table_name = ANY (%s)",
            [[*tables_of_tenants(owner), "tenant"]],
        ).fetchall()

        assert granted == [("tenant", "SELECT")]

    def test_s11_no_right_is_everybodys_and_none_goes_beyond_rows(
        self, owner: psycopg.Connection[Any]
    ) -> None:
        granted = owner.execute(
            "SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges"
            " WHERE table_schema = 'public' AND (grantee = 'PUBLIC' OR (grantee = ANY (%s)"
            "  AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')))",
            [[*ROLES, "leasing"]],
        ).fetchall()

        assert granted == []

    def test_s15_no_role_of_a_server_changes_the_book(self, owner: psycopg.Connection[Any]) -> None:
        changed = owner.execute(
            "SELECT grantee, table_name, column_name FROM information_schema.column_privileges"
            " WHERE table_name = ANY (%(book)s) AND privilege_type = 'UPDATE'"
            "  AND grantee = ANY (%(roles)s)"
            " UNION SELECT grantee, table_name, privilege_type"
            " FROM information_schema.table_privileges WHERE table_name = ANY (%(book)s)"
            "  AND privilege_type NOT IN ('SELECT', 'INSERT') AND grantee = ANY (%(roles)s)",
            {"book": list(BOOK), "roles": [*ROLES, "leasing"]},
        ).fetchall()

        # To forget a person; a trigger lets nothing else pass (test_audit_walls.py).
        assert set(changed) == {
            ("control_plane", "audit_event", "principal"),
            ("control_plane", "audit_event", "details"),
        }

    def test_s11_nothing_reads_with_the_owners_eyes(self, owner: psycopg.Connection[Any]) -> None:
        """Views and functions that act as their owner would look over the walls."""
        assert (
            owner.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('v', 'm')"
                " UNION SELECT proname FROM pg_proc WHERE prosecdef"
                " AND pronamespace = 'public'::regnamespace"
            ).fetchall()
            == []
        )


class TestWithoutATenant:
    @pytest.mark.usefixtures("alice")
    def test_s11_no_row_is_there(
        self,
        owner: psycopg.Connection[Any],
        server: psycopg.Connection[Any],
    ) -> None:
        tables = tables_of_tenants(owner)
        filled = {table for table in tables if rows_in(table, owner)}
        assert filled >= {"license", "product", "seat", "seat_instance", "audit_event"}

        assert {table: rows_in(table, server) for table in tables} == dict.fromkeys(tables, 0)

    @pytest.mark.parametrize("setting", ["", None])
    def test_s11_no_row_is_put_in(
        self, setting: str | None, server: psycopg.Connection[Any], alice: Customer
    ) -> None:
        if setting is not None:
            server.execute("SELECT set_config('app.tenant_id', %s, false)", [setting])

        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            insert_product(server, alice.tenant.id)

    @pytest.mark.usefixtures("alice")
    def test_s11_a_setting_that_is_no_tenant_is_an_error(
        self, server: psycopg.Connection[Any]
    ) -> None:
        server.execute("SELECT set_config('app.tenant_id', 'everybody', false)")

        with pytest.raises(errors.InvalidTextRepresentation):
            rows_in("license", server)

    @pytest.mark.usefixtures("alice", "charlie")
    def test_s11_the_tenants_are_listed_and_none_is_changed(
        self, server: psycopg.Connection[Any]
    ) -> None:
        assert rows_in("tenant", server) == 2
        assert server.execute("UPDATE tenant SET name = 'Evil'").rowcount == 0
        with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
            server.execute("INSERT INTO tenant VALUES (gen_random_uuid(), 'x', 'X', now())")


class TestOnBehalfOfCharlie:
    @pytest.mark.usefixtures("alice")
    def test_s11_of_alice_no_row_is_there(
        self,
        owner: psycopg.Connection[Any],
        server: psycopg.Connection[Any],
        charlie: Customer,
    ) -> None:
        with on_behalf_of(charlie.tenant, server):
            for table in tables_of_tenants(owner):
                query = sql.SQL("SELECT DISTINCT tenant_id FROM {}").format(sql.Identifier(table))
                assert server.execute(query).fetchall() in ([], [(charlie.tenant.id,)]), table
            assert rows_in("license", server) == rows_in("tenant", server) == 1

    def test_s11_a_forged_tenant_is_refused_in_every_table(
        self,
        owner: psycopg.Connection[Any],
        server: psycopg.Connection[Any],
        alice: Customer,
        charlie: Customer,
    ) -> None:
        writable = {
            name
            for (name,) in owner.execute(
                "SELECT table_name FROM information_schema.table_privileges"
                " WHERE grantee = 'control_plane' AND privilege_type = 'INSERT'"
            ).fetchall()
        }
        assert writable >= {"product", "license", "audit_event", "tenant"}
        for table in writable:
            forged = {"id" if table == "tenant" else "tenant_id": str(alice.tenant.id)}
            with (
                pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
                on_behalf_of(charlie.tenant, server),
            ):
                insert(server, table, forged)

    def test_s11_a_row_is_not_given_away(
        self, server: psycopg.Connection[Any], alice: Customer, charlie: Customer
    ) -> None:
        for table in ("product", "license"):
            move = sql.SQL("UPDATE {} SET tenant_id = %s").format(sql.Identifier(table))
            with (
                pytest.raises(errors.InsufficientPrivilege, match="row-level security"),
                on_behalf_of(charlie.tenant, server),
            ):
                server.execute(move, [alice.tenant.id])

    @pytest.mark.parametrize("deed", FORBIDDEN)
    def test_s11_it_may_not(
        self, deed: str, server: psycopg.Connection[Any], charlie: Customer
    ) -> None:
        with pytest.raises(errors.InsufficientPrivilege), on_behalf_of(charlie.tenant, server):
            server.execute(FORBIDDEN[deed].encode())
        with pytest.raises(errors.InsufficientPrivilege):
            server.execute(FORBIDDEN[deed].encode())

    @pytest.mark.parametrize("deed", FORBIDDEN_IN_A_TENANTS_TRANSACTION)
    def test_s11_what_a_server_does_for_all_it_may_not(
        self, deed: str, server: psycopg.Connection[Any], charlie: Customer
    ) -> None:
        statement = FORBIDDEN_IN_A_TENANTS_TRANSACTION[deed].encode()

        with pytest.raises(errors.InsufficientPrivilege), on_behalf_of(charlie.tenant, server):
            server.execute(statement)
        server.execute(b"EXPLAIN " + statement)  # a server on behalf of nobody may


@pytest.mark.usefixtures("postgres_db")
class TestATenantsTransaction:
    def test_s11_acts_as_the_control_plane_for_its_tenant(self, charlie: Customer) -> None:
        with tenant_transaction(charlie.tenant.id):
            assert acting() == ("control_plane", str(charlie.tenant.id))

    @pytest.mark.parametrize("ending", [None, KeyError, KeyboardInterrupt])
    def test_s11_leaves_nothing_in_the_session_however_it_ends(
        self, ending: type[BaseException] | None, charlie: Customer
    ) -> None:
        before, session = acting(), backend()

        try:
            with tenant_transaction(charlie.tenant.id):
                if ending is not None:
                    raise ending
        except (KeyError, KeyboardInterrupt):
            pass

        assert backend() == session
        assert (acting()[0], acting()[1] or None) == (before[0], before[1] or None)

    def test_s11_an_error_within_it_leaves_tenant_and_role(self, charlie: Customer) -> None:
        with tenant_transaction(charlie.tenant.id):
            with pytest.raises(IntegrityError), tenant_transaction(charlie.tenant.id):
                Product.objects.create(tenant=charlie.tenant, code="charlie-studio", name="Again")
            assert acting() == ("control_plane", str(charlie.tenant.id))

    def test_s11_a_connection_that_breaks_ends_it(
        self, charlie: Customer, owner: psycopg.Connection[Any]
    ) -> None:
        """No statement of it may go on over a new connection, which would have no tenant."""
        with pytest.raises(DatabaseError), tenant_transaction(charlie.tenant.id):
            goes_on_after_a_break(owner)

        connection.close()
        with tenant_transaction(charlie.tenant.id):
            assert Product.objects.count() == 1

    def test_s11_works_with_a_servers_own_login(self, charlie: Customer, postgres_db: str) -> None:
        with django_on(as_control(postgres_db)):
            assert acting() == (CONTROL_LOGIN, None)
            with tenant_transaction(charlie.tenant.id):
                assert acting()[0] == "control_plane"
                assert list(Product.objects.all()) == [charlie.product]
            assert acting() == (CONTROL_LOGIN, "")
            assert list(Product.across_tenants.all()) == []


def goes_on_after_a_break(owner: psycopg.Connection[Any]) -> None:
    """Lose the connection, overlook it, and ask again."""
    owner.execute("SELECT pg_terminate_backend(%s)", [backend()])
    with suppress(DatabaseError, InterfaceError):
        Product.objects.count()
    connection.close()
    pytest.fail(f"there are {Product.objects.count()} products on a connection without walls")


def acting() -> tuple[str, str | None]:
    """Return the role and the tenant that PostgreSQL knows of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.tenant_id', true)")
        role, tenant = cursor.fetchone()
    return role, tenant


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def insert(login: psycopg.Connection[Any], table: str, values: dict[str, str]) -> None:
    login.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        list(values.values()),
    )


def insert_product(login: psycopg.Connection[Any], tenant_id: UUID) -> None:
    insert(login, "product", {"tenant_id": str(tenant_id)})
