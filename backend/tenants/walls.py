"""The walls in PostgreSQL, as operations for migrations: who may touch which rows (docs/adr/0018).

A migration that makes a table names it here, once, after the table is made::

    dependencies = [..., ("tenants", "0002_roles")]
    operations = [
        migrations.CreateModel(...),
        Walled("member", "service_account"),
        Walled("checkpoint", rights=["select", "insert"]),   # appended, never changed
        Shared("known_issuer"),                              # carries no tenant
    ]

SQLite has neither roles nor walls; there these operations do nothing, and the managers of
``tenants.rows`` are what keeps tenants apart.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

CONTROL_PLANE: Final = "control_plane"
"""The role that every transaction of a tenant acts as (tenants.current)."""

INSTALLATION: Final = "installation"
"""The role of what a server does on behalf of nobody: learning issuers, publishing its keys."""

TENANT_SETTING: Final = "app.tenant_id"
"""The setting that names the tenant of a transaction. A walled table shows no row without it."""

ALL_RIGHTS: Final = ("select", "insert", "update", "delete")

# In a SELECT of its own it is worked out once for a statement, not once for each row. A setting
# that was set in an earlier transaction of the connection is empty afterwards, no longer absent.
_TENANT: Final = f"(SELECT nullif(current_setting('{TENANT_SETTING}', true), '')::uuid)"
_OWN: Final = f"tenant_id = {_TENANT}"

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_RIGHT: Final = re.compile(rf"({'|'.join(ALL_RIGHTS)})( \([a-z0-9_, ]+\))?")


class PostgresOnly(migrations.RunSQL):
    """SQL for PostgreSQL; elsewhere the migration counts as applied and does nothing."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run the SQL, on PostgreSQL."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run the SQL that takes it back, on PostgreSQL."""
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Return the operation as it was written, for Django's writer of migrations."""
        arguments, options = self._constructor_args  # type: ignore[attr-defined]
        return type(self).__name__, list(arguments), dict(options)


class Walled(PostgresOnly):
    """Puts walls around tables of tenants: a transaction sees and writes its own tenant's rows.

    Each table has a column ``tenant_id`` (uuid). Row-level security is enabled and forced, so that
    it holds for the owner too. ``rights`` are what the role ``control_plane`` may do within the
    walls: of ALL_RIGHTS, each perhaps for some columns (``"update (ended_at, end_reason)"``).
    Taken back, the rights and the policy go, and the table stays closed to all but its owner.
    """

    def __init__(self, *tables: str, rights: Sequence[str] = ALL_RIGHTS) -> None:
        super().__init__(
            tuple(sql for table in tables for sql in _walls(table, rights)),
            tuple(sql for table in reversed(tables) for sql in _no_walls(table)),
        )


class Granted(PostgresOnly):
    """Gives the role ``control_plane`` further rights on tables that have walls already."""

    def __init__(self, *tables: str, rights: Sequence[str]) -> None:
        listed = _list(rights)
        super().__init__(
            [f"GRANT {listed} ON {_name(table)} TO {CONTROL_PLANE}" for table in tables],
            [f"REVOKE {listed} ON {table} FROM {CONTROL_PLANE}" for table in tables],
        )


class Directory(PostgresOnly):
    """Puts walls around the one table that lists the tenants themselves.

    A tenant's transaction sees, makes and changes its own row. Where no tenant is set all rows can
    be read and none written: a server has to find out whether the tenant of a credential exists,
    and jobs go from tenant to tenant.
    """

    def __init__(self, table: str, *, rights: Sequence[str]) -> None:
        super().__init__(tuple(_directory(table, rights)), tuple(_no_directory(table)))


class Shared(PostgresOnly):
    """Opens tables without a tenant: both roles may read them.

    ``rights`` are what a server may do beyond that on behalf of nobody; a transaction of a tenant
    may not. The owner may do everything.
    """

    def __init__(self, *tables: str, rights: Sequence[str] = ("select",)) -> None:
        super().__init__(
            [sql for table in tables for sql in _shared(table, rights)],
            [
                f"REVOKE ALL ON {_name(table)} FROM {CONTROL_PLANE}, {INSTALLATION}"
                for table in tables
            ],
        )


class MadeRole(PostgresOnly):
    """Makes a role without login when it is missing, and lets whoever migrates become it.

    Roles belong to the whole cluster. Making one takes CREATEROLE; otherwise a DBA makes it
    beforehand (docs/how-to/database-roles.md). Going back leaves it, for other databases may use
    it.
    """

    def __init__(self, role: str) -> None:
        super().__init__(make_role(role), migrations.RunSQL.noop)


def make_role(role: str) -> str:
    """Return the SQL that makes a role when it is missing, and grants it to whoever runs it."""
    return f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{_name(role)}') THEN
        BEGIN
            CREATE ROLE {role} NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database was quicker
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role {role} is missing and % may not make it', current_user
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = format('A DBA runs: CREATE ROLE {role} NOLOGIN; '
                                        'GRANT {role} TO %I;', current_user);
        END;
    END IF;
    BEGIN
        EXECUTE format('GRANT {role} TO %I', current_user);
    EXCEPTION
        WHEN insufficient_privilege THEN NULL;  -- a login of its own may act in this role
    END;
END $$"""


def _walls(table: str, rights: Sequence[str]) -> list[str]:
    return [*_forced(table), *_within(table, rights, _OWN)]


def _within(table: str, rights: Sequence[str], own: str) -> list[str]:
    return [
        f"GRANT {_list(rights)} ON {table} TO {CONTROL_PLANE}",
        f"CREATE POLICY own_tenant ON {table} TO {CONTROL_PLANE} USING ({own}) WITH CHECK ({own})",
    ]


def _no_walls(table: str) -> list[str]:
    return [
        f"DROP POLICY own_tenant ON {_name(table)}",
        f"REVOKE ALL ON {table} FROM {CONTROL_PLANE}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    ]


def _directory(table: str, rights: Sequence[str]) -> list[str]:
    roles = f"{CONTROL_PLANE}, {INSTALLATION}"
    return [
        *_forced(table),
        *_within(table, rights, f"id = {_TENANT}"),
        f"GRANT SELECT ON {table} TO {INSTALLATION}",
        f"CREATE POLICY directory ON {table} FOR SELECT TO {roles} USING ({_TENANT} IS NULL)",
    ]


def _no_directory(table: str) -> list[str]:
    return [
        f"DROP POLICY directory ON {_name(table)}",
        f"REVOKE ALL ON {table} FROM {INSTALLATION}",
        *_no_walls(table),
    ]


def _forced(table: str) -> list[str]:
    return [
        f"ALTER TABLE {_name(table)} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
    ]


def _shared(table: str, rights: Sequence[str]) -> list[str]:
    return [
        f"GRANT SELECT ON {_name(table)} TO {CONTROL_PLANE}, {INSTALLATION}",
        f"GRANT {_list(rights)} ON {table} TO {INSTALLATION}",
    ]


def _name(word: str) -> str:
    if _NAME.fullmatch(word) is None:
        raise ValueError(f"not a plain name of a table or role: {word!r}")
    return word


def _list(rights: Sequence[str]) -> str:
    for right in rights:
        if _RIGHT.fullmatch(right) is None:
            raise ValueError(f"not a right: {right!r}")
    return ", ".join(rights)
