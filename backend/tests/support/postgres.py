"""Databases of tests on a private PostgreSQL; the fixtures in conftest.py hand them out.

A test asks for ``postgres_db``: Django is then on a migrated database of the test's own, and the
fixture's value is its address. A child process gets the same with LICENSE_DATABASE_URL set to it.
Stores go by another login, ``as_leasing``, that may do nothing but act as the role ``leasing``; in
production servers go by ``as_control``, which is held by the walls as the superuser is not.
A thread that uses Django closes its connection itself (``connections.close_all()``).
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from psycopg import sql

from coditect_license.database_url import postgresql_database
from coditect_license.plane_logins import ensure_control_login, ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from tests.support.folders import quick_folder

LEASING_LOGIN: Final = "license_leasing"
CONTROL_LOGIN: Final = "license_control"
_TEMPLATE: Final = "migrated"
_numbers: Final = count(1)


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """Make an empty folder for a server, gone at the end.

    Not in pytest's own: only its owner may enter that, and as root the server is nobody.
    """
    with tempfile.TemporaryDirectory(prefix="license-tests-", dir=quick_folder()) as folder:
        yield Path(folder)


@contextmanager
def postgres_for_tests() -> Iterator[PrivatePostgres]:
    """Run a server that forgets everything at the end."""
    with folder_for_postgres() as folder, running_postgres(folder, durable=False) as server:
        ensure_leasing_login(server, LEASING_LOGIN)
        ensure_control_login(server, CONTROL_LOGIN)
        yield server


def as_leasing(url: str) -> str:
    """Return the address of the same database for the login of the leasing plane."""
    return as_login(url, LEASING_LOGIN)


def as_control(url: str) -> str:
    """Return the address of the same database for the login of the control plane."""
    return as_login(url, CONTROL_LOGIN)


def as_login(url: str, login: str) -> str:
    """Return the address of the same database for another login."""
    scheme, rest = url.split("://")
    return f"{scheme}://{login}@{rest.partition('@')[2]}"


def make_template(server: PrivatePostgres) -> str:
    """Make a database with every migration applied, to be copied and never written."""
    server.ensure_database(_TEMPLATE)
    with django_on(server.url(_TEMPLATE)):
        call_command("migrate", verbosity=0)
    return _TEMPLATE


@contextmanager
def copy_of(template: str, server: PrivatePostgres) -> Iterator[str]:
    """Copy a database and yield the copy's address; it is dropped at the end, whoever is in it."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as administrator:
        # Unlike WAL_LOG it writes no 8 MB of log for each copy.
        administrator.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield server.url(name)
        finally:
            administrator.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def django_on(url: str) -> Iterator[None]:
    """Put a PostgreSQL database behind Django's default connection until the block ends."""
    entry = postgresql_database(url, variable="the test's database")
    # The handler fills in what an entry leaves out, as it does for the settings.
    complete = ConnectionHandler({"default": entry}).settings["default"]
    before = connections.settings["default"]
    _use(complete)
    try:
        yield
    finally:
        _use(before)


def _use(entry: Mapping[str, Any]) -> None:
    """Replace the entry in the settings, and this thread's connection, whose class it names."""
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = entry
