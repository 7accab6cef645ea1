"""What must not be so when a server takes requests: a login to which the walls mean nothing."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from django.core.checks import CheckMessage, Error

from tenants.walls import CONTROL_PLANE

_HINT: Final = "docs/how-to/database-roles.md says which login a server takes"


class Cursor(Protocol):
    """What asks one database with one login."""

    def execute(self, query: str, /) -> object:
        """Run a query."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return its rows."""


_LEASES: Final = "inherits the role leasing"

# What sets a login above the walls, or lets it step there. Who may become the owner is as good as
# the owner; who inherits the role leasing inherits its policies, which know no tenant.
_POWERS: Final = f"""
SELECT power FROM pg_roles AS me CROSS JOIN LATERAL (VALUES
    ('is a superuser', rolsuper),
    ('may bypass row-level security', rolbypassrls),
    ('may make roles', rolcreaterole),
    ('owns the tables', EXISTS (
        SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND pg_has_role(current_user, relowner, 'MEMBER'))),
    ('{_LEASES}', EXISTS (
        SELECT 1 FROM pg_roles AS leasing WHERE leasing.rolname = 'leasing'
        AND pg_has_role(current_user, leasing.oid, 'USAGE')))
) AS powers (power, has_it)
WHERE rolname = current_user AND has_it"""  # noqa: S608 (put together from a constant)

_UNABLE: Final = f"""
SELECT current_user WHERE NOT EXISTS (
    SELECT 1 FROM pg_roles AS plane WHERE plane.rolname = '{CONTROL_PLANE}'
    AND pg_has_role(current_user, plane.oid, 'MEMBER'))"""  # noqa: S608 (the same)

_OPEN: Final = """
SELECT relname FROM pg_class AS c
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
AND NOT (relrowsecurity AND relforcerowsecurity)
AND (relname = 'tenant' OR EXISTS (
    SELECT 1 FROM pg_attribute
    WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped))
ORDER BY relname"""


def login_stands_below_the_walls(
    cursor: Cursor, variable: str, *, leases: bool = False
) -> Sequence[CheckMessage]:
    """Return an error (tenants.E001) for each power that lets a login see every tenant's rows.

    A login that ``leases`` may inherit the role of the leasing plane: its work is no other.
    """
    return [
        Error(f"the login in {variable} {power}", hint=_HINT, id="tenants.E001")
        for (power,) in _asked(cursor, _POWERS)
        if not (leases and power == _LEASES)
    ]


def login_may_act_for_tenants(cursor: Cursor) -> Sequence[CheckMessage]:
    """Return an error (tenants.E002) when a login cannot become the role of the control plane."""
    return [
        Error(
            f"the login {name} cannot act in the role {CONTROL_PLANE}",
            hint=f"a DBA runs: GRANT {CONTROL_PLANE} TO {name}; {_HINT}",
            id="tenants.E002",
        )
        for (name,) in _asked(cursor, _UNABLE)
    ]


def every_table_has_walls(cursor: Cursor) -> Sequence[CheckMessage]:
    """Return an error (tenants.E003) for each table of tenants without forced row security."""
    return [
        Error(f"the table {name} has no walls", hint="run: manage.py migrate", id="tenants.E003")
        for (name,) in _asked(cursor, _OPEN)
    ]


def _asked(cursor: Cursor, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return cursor.fetchall()
