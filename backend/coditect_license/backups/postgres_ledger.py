"""A ledger in PostgreSQL: dumped as of one moment, restored beside the old one, exchanged."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from coditect_license.backups.errors import BackupDamaged, BackupFailed, LedgerInUse
from coditect_license.backups.ledgers import Say, stamp
from coditect_license.backups.manifest import Kind, Manifest
from coditect_license.backups.postgres_programs import program_for, run
from coditect_license.database_url import database_entry
from foundation.clock import Clock, monotonic_seconds, utc_now
from leasing.store import Store
from leasing.stores.postgres import PostgresStore

_MAINTENANCE: Final = "postgres"
_LONGEST_NAME_BYTES: Final = 63  # NAMEDATALEN
_FAREWELL_SECONDS: Final = 2
_POLL_SECONDS: Final = 0.05

# Owners, whoever was given rights, and whom policies name. Everybody (0) is no role.
_ROLES: Final = """
WITH ours AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace)
SELECT rolname::text FROM pg_roles WHERE oid IN (
    SELECT relowner FROM ours
    UNION SELECT a.grantee FROM ours, aclexplode(relacl) AS a
    UNION SELECT a.grantee
        FROM ours JOIN pg_attribute ON attrelid = ours.oid, aclexplode(attacl) AS a
    UNION SELECT unnest(polroles) FROM pg_policy)
ORDER BY 1"""

_OTHERS: Final = """
SELECT count(*), coalesce(string_agg(DISTINCT usename, ', '), '') FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""

_IS_BLIND: Final = """
SELECT NOT (rolsuper OR rolbypassrls) AND EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity
        AND (relforcerowsecurity OR NOT pg_has_role(relowner, 'MEMBER')))
FROM pg_roles WHERE rolname = current_user"""


class PostgresLedger:
    """One database, by the address of a login that may read all of it.

    For a restore the login may also make and rename databases, and act as every role in it. The
    lease clock is the database's, unless ``clock`` is given, for tests.
    """

    kind: Kind = "postgresql"

    def __init__(self, address: str, *, say: Say, clock: Clock | None = None) -> None:
        self.address = address
        self.name = str(conninfo_to_dict(address)["dbname"])
        self._say = say
        self.clock = clock

    def copy(self, target: Path) -> None:
        """Dump the database."""
        ((is_blind,),) = self.ask(_IS_BLIND)
        if is_blind:
            raise BackupFailed(
                "row-level security hides rows from this login: LICENSE_BACKUP_DATABASE_URL names "
                "one that sees all of them (docs/how-to/restore-a-backup.md)"
            )
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        program = program_for("pg_dump", server_version=self._server_version())
        options = ["--format=custom", f"--file={target}"]
        run(program, options, address=self.address, say=self._say)

    def roles(self) -> list[str]:
        """Return owners, roles that were given rights, and those that policies name."""
        return [name for (name,) in self.ask(_ROLES)]

    def require_sound(self, file: Path) -> None:
        """Have pg_restore read every block of a dump."""
        program = program_for("pg_restore", server_version=self._server_version())
        try:
            run(program, ["--file=/dev/null", str(file)], say=self._say)
        except BackupFailed as failure:
            raise BackupDamaged(f"{file} is damaged: {failure}") from failure

    def is_empty(self) -> bool:
        """Return whether the database has no table; true as well when it does not exist."""
        tables = "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1"
        return not self.is_there() or not self.ask(tables)

    def is_there(self) -> bool:
        """Return whether the database exists."""
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        return bool(self.ask(known, self.name, database=_MAINTENANCE))

    @contextmanager
    def restoring(self, file: Path, manifest: Manifest) -> Iterator["PostgresDraft"]:
        """Restore a dump into a database of its own, whole or not at all."""
        self._require_unused()
        self._require_roles(manifest.roles)
        at = stamp((self.clock or utc_now)())
        address = make_conninfo(self.address, dbname=_name(self.name, f"restoring_{at}"))
        draft = PostgresLedger(address, say=self._say, clock=self.clock)
        self.administer("CREATE DATABASE {} TEMPLATE template0 OWNER {}", draft.name, self._owner())
        try:
            program = program_for("pg_restore", server_version=self._server_version())
            options = ["--single-transaction", "--exit-on-error", str(file)]
            run(program, options, address=draft.address, say=self._say)
            yield PostgresDraft(draft, self, _name(self.name, f"before_{at}"))
        finally:
            self.administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", draft.name)

    def _require_unused(self) -> None:
        """Raise LedgerInUse when others stay; whoever has just hung up is gone in a moment."""
        deadline = monotonic_seconds() + _FAREWELL_SECONDS
        while True:
            ((count, who),) = self.ask(_OTHERS, self.name, database=_MAINTENANCE)
            if not count:
                return
            if monotonic_seconds() > deadline:
                raise LedgerInUse(
                    f"{count} connections to the database {self.name} (of {who}): stop every "
                    "server and pooler first"
                )
            time.sleep(_POLL_SECONDS)

    def _require_roles(self, roles: list[str]) -> None:
        """Raise BackupFailed when a role is missing: a dump carries rights and no roles."""
        known = self.ask("SELECT rolname FROM pg_roles", database=_MAINTENANCE)
        missing = sorted(set(roles) - {name for (name,) in known})
        if missing:
            raise BackupFailed(
                f"roles that must exist first: {', '.join(missing)} (docs/how-to/database-roles.md)"
            )

    def _owner(self) -> str:
        """Return whose the database is: who may migrate it later. Ours when there is none yet."""
        known = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
        found = self.ask(known, self.name, database=_MAINTENANCE)
        return str(
            found[0][0] if found else self.ask("SELECT current_user", database=_MAINTENANCE)[0][0]
        )

    def _server_version(self) -> int:
        with self.connect(_MAINTENANCE) as connection:
            return connection.info.server_version // 10_000

    def administer(self, statement: str, *names: str) -> None:
        """Run a statement about databases, outside of them."""
        with self.connect(_MAINTENANCE) as connection:
            connection.execute(composed(statement, *names))

    def ask(self, question: str, *values: str, database: str | None = None) -> list[Any]:
        """Return the rows that answer a question."""
        with self.connect(database or self.name) as connection:
            return connection.execute(question.encode(), values or None).fetchall()

    def connect(self, database: str) -> "psycopg.Connection[Any]":
        """Connect to a database. Raises BackupFailed."""
        try:
            return psycopg.connect(make_conninfo(self.address, dbname=database), autocommit=True)
        except psycopg.OperationalError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BackupFailed(f"the database {database} cannot be reached: {reason}") from error


@dataclass(frozen=True)
class PostgresDraft:
    """A database beside the ledger's."""

    draft: PostgresLedger
    ledger: PostgresLedger
    keep_as: str

    @property
    def entry(self) -> dict[str, Any]:
        """The draft for Django."""
        return database_entry(conninfo_to_dict(self.draft.address))

    def open_store(self) -> Store:
        """Open the draft."""
        return PostgresStore(self.draft.address, clock=self.draft.clock, was_restored=True)

    def take_over(self) -> str | None:
        """Rename both databases in one transaction; an old one that was empty is dropped."""
        was_there, was_empty = self.ledger.is_there(), self.ledger.is_empty()
        names = [(self.draft.name, self.ledger.name)]
        if was_there:
            names.insert(0, (self.ledger.name, self.keep_as))
        try:
            with self.ledger.connect(_MAINTENANCE) as connection, connection.transaction():
                for before, after in names:
                    connection.execute(composed("ALTER DATABASE {} RENAME TO {}", before, after))
        except psycopg.errors.ObjectInUse as error:
            raise LedgerInUse(f"somebody is connected to {self.ledger.name}") from error
        if was_there and was_empty:
            self.ledger.administer("DROP DATABASE {}", self.keep_as)
        return self.keep_as if was_there and not was_empty else None


def composed(statement: str, *names: str) -> sql.Composed:
    """Return a statement with names of databases in its gaps."""
    return sql.SQL(statement).format(*map(sql.Identifier, names))


def _name(name: str, suffix: str) -> str:
    return f"{name[: _LONGEST_NAME_BYTES - len(suffix) - 1]}_{suffix}"
