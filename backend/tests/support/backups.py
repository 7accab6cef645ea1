"""Copies of a ledger, and the ledger put back to one, as an operator does it.

SQLite is copied by its backup API beside a running server; PostgreSQL as a database copied whole,
for which nobody may be connected.
"""

import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from itertools import count
from pathlib import Path

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_numbers = count(1)


class Backup(ABC):
    """A ledger as it was."""

    @abstractmethod
    def restore(self) -> None:
        """Put the ledger back to what it was; no store may be open."""


def back_up(address: Path | str) -> Backup:
    """Copy a ledger. PostgreSQL needs that no store is open."""
    connections["default"].close()
    return _SqliteBackup(address) if isinstance(address, Path) else _PostgresBackup(address)


def copy_sqlite(source: Path, target: Path) -> None:
    """Make one file the copy of another, beside and under a running server."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


class _SqliteBackup(Backup):
    def __init__(self, file: Path) -> None:
        self._file = file
        self._copy = file.with_name(f"{file.name}.backup-{next(_numbers)}")
        copy_sqlite(file, self._copy)

    def restore(self) -> None:
        connections["default"].close()
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        self._file.write_bytes(self._copy.read_bytes())


class _PostgresBackup(Backup):
    def __init__(self, url: str) -> None:
        parts = conninfo_to_dict(url)
        self._name = str(parts["dbname"])
        self._administrator = make_conninfo(url, dbname="postgres")
        self._copy = f"{self._name}_backup_{next(_numbers)}"
        self._make(self._copy, of=self._name)

    def restore(self) -> None:
        connections["default"].close()
        self._run("DROP DATABASE {} WITH (FORCE)", self._name)
        self._make(self._name, of=self._copy)

    def _make(self, name: str, *, of: str) -> None:
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, of)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._administrator, autocommit=True) as connection:
            identifiers = [sql.Identifier(name) for name in names]
            connection.execute(sql.SQL(statement).format(*identifiers))
