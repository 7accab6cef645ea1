"""The login of the leasing plane on a private PostgreSQL (docs/how-to/database-roles.md)."""

from typing import Final

import psycopg
from psycopg import sql

from coditect_license.private_postgres import PrivatePostgres

_ROLE: Final = "leasing"


def ensure_leasing_login(server: PrivatePostgres, name: str) -> None:
    """Make a login that may act as the role ``leasing`` and nothing else, unless it is there.

    The role is made too when it is missing; what it may do is granted by the migrations.
    """
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for role, options in ((_ROLE, "NOLOGIN"), (name, "LOGIN NOINHERIT IN ROLE leasing")):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role))
                )
