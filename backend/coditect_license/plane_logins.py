"""The logins of the two planes on a private PostgreSQL (docs/how-to/database-roles.md)."""

from typing import Final

import psycopg
from psycopg import sql

from coditect_license.private_postgres import PrivatePostgres

_LEASING: Final = ("leasing",)
_CONTROL: Final = ("control_plane", "installation")


def ensure_leasing_login(server: PrivatePostgres, name: str) -> None:
    """Make a login that may act as the role ``leasing`` and nothing else, unless it is there.

    The role is made too when it is missing; what it may do is granted by the migrations.
    """
    _ensure(server, name, roles=_LEASING, option="NOINHERIT")


def ensure_control_login(server: PrivatePostgres, name: str) -> None:
    """Make a login that may do what a server's control plane does, and nothing else.

    It has the rights of the roles ``control_plane`` and ``installation``, which are made too.
    """
    _ensure(server, name, roles=_CONTROL, option="INHERIT")


def _ensure(server: PrivatePostgres, name: str, *, roles: tuple[str, ...], option: str) -> None:
    login = f"LOGIN {option} IN ROLE {', '.join(roles)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role, options in (*((role, "NOLOGIN") for role in roles), (name, login)):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role))
                )
