"""Backups of a PostgreSQL ledger: rights and policies come back, roles must be there."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from coditect_license.backups.errors import (
    BackupDamaged,
    BackupFailed,
    LedgerInUse,
    NotConfirmed,
)
from coditect_license.backups.ledgers import Draft
from coditect_license.backups.manifest import read_manifest
from coditect_license.backups.postgres_ledger import PostgresLedger
from coditect_license.backups.postgres_programs import program_for
from coditect_license.backups.restore import restore_backup
from coditect_license.private_postgres import PrivatePostgres
from leasing.errors import SeatsExhausted
from tests.support.operator_backups import PEPPERS, OperatorBackup, drop_database, ledger_at
from tests.support.postgres import as_login
from tests.support.world import World, open_postgres


@pytest.fixture
def world(postgres_db: str) -> World:
    return World(postgres_db, seats=1, open_store=open_postgres)


@pytest.fixture
def backup(world: World, tmp_path: Path) -> OperatorBackup:
    return OperatorBackup(world.database, world.clock, tmp_path / "backup")


def sessions_in(address: str) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT count(*) FROM license_session").fetchone()
    assert row is not None
    return int(row[0])


def databases(address: str) -> set[str]:
    with psycopg.connect(address) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def silent(line: str) -> None:
    """Hear nothing."""


def test_s2_a_live_holder_keeps_its_seat_and_the_leasing_role_its_rights(
    world: World, tmp_path: Path
) -> None:
    lease = world.acquire("laptop")
    backup = OperatorBackup(world.database, world.clock, tmp_path / "backup")
    world.store.close()
    world.clock.advance(400)

    backup.restore()

    world.store = world.another_store()  # with the login that may only be the leasing role
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id
    world.close()


def test_a_dump_is_for_its_owner_alone_and_names_the_roles_it_needs(
    world: World, backup: OperatorBackup
) -> None:
    world.close()

    assert stat.S_IMODE((backup.folder / "ledger.dump").stat().st_mode) == 0o600
    assert {"leasing", "license"} <= set(read_manifest(backup.folder).roles)


def test_a_restore_under_a_running_server_is_refused(world: World, backup: OperatorBackup) -> None:
    world.acquire("since")

    with pytest.raises(LedgerInUse, match=r"1 connections.*license_leasing"):
        backup.restore()

    assert world.acquire("since").session_id
    world.close()
    assert sessions_in(str(world.database)) == 1


def test_a_damaged_dump_is_refused_and_the_ledger_is_as_it_was(
    world: World, backup: OperatorBackup
) -> None:
    world.acquire("since")
    world.close()
    dump = backup.folder / "ledger.dump"
    content = bytearray(dump.read_bytes())
    content[len(content) // 2] ^= 1
    dump.write_bytes(content)
    before = databases(str(world.database))

    with pytest.raises(BackupDamaged):
        backup.restore()

    assert sessions_in(str(world.database)) == 1
    assert databases(str(world.database)) == before


def test_what_is_replaced_must_be_named_and_is_kept(world: World, backup: OperatorBackup) -> None:
    world.acquire("since")
    world.close()
    address = str(world.database)
    ledger = ledger_at(address, world.clock)
    with pytest.raises(NotConfirmed, match=ledger.name):
        restore_backup(backup.folder, ledger, peppers=PEPPERS, confirm="postgres", say=silent)

    kept = restore_backup(backup.folder, ledger, peppers=PEPPERS, confirm=ledger.name, say=silent)

    assert kept is not None
    assert sessions_in(address) == 0
    assert sessions_in(address.replace(ledger.name, kept)) == 1
    drop_database(address, kept)


def test_a_restore_that_fails_half_way_leaves_the_ledger_and_no_rest(
    world: World, backup: OperatorBackup
) -> None:
    world.acquire("since")
    world.close()
    before = databases(str(world.database))
    ledger = ledger_at(world.database, world.clock)

    def fail(_draft: Draft) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(BackupFailed, match="changed nothing"):
        restore_backup(
            backup.folder,
            ledger,
            peppers=PEPPERS,
            confirm=ledger.name,
            say=silent,
            complete=fail,
        )

    assert sessions_in(str(world.database)) == 1
    assert databases(str(world.database)) == before


def test_a_login_that_policies_would_show_a_part_of_the_rows_makes_no_backup(
    world: World, tmp_path: Path
) -> None:
    world.close()
    blind = ledger_at(as_login(str(world.database), "license_leasing"), world.clock)

    with pytest.raises(BackupFailed, match="row-level security"):
        blind.copy(tmp_path / "dump")


@pytest.fixture
def operator(world: World) -> Iterator[str]:
    """The login that the how-to describes, and its address."""
    how_to = (Path(__file__).resolve().parents[3] / "docs/how-to/restore-a-backup.md").read_text()
    (made,) = re.findall(r"^```sql\n(.*?)^```$", how_to, re.MULTILINE | re.DOTALL)
    with psycopg.connect(server_of(str(world.database)), autocommit=True) as owner:
        owner.execute(made.encode())
    yield as_login(str(world.database), "license_operator")
    with psycopg.connect(server_of(str(world.database)), autocommit=True) as owner:
        owner.execute("DROP ROLE license_operator")


def server_of(address: str) -> str:
    return make_conninfo(address, dbname="postgres")


def test_the_login_of_the_how_to_suffices(operator: str, world: World, tmp_path: Path) -> None:
    lease = world.acquire("laptop")
    backup = OperatorBackup(operator, world.clock, tmp_path / "backup")
    world.acquire("laptop")
    world.close()

    backup.restore()

    world.store = world.another_store()
    assert world.heartbeat(lease).session_id == lease.session_id
    world.close()
    with psycopg.connect(server_of(str(world.database))) as connection:
        owners = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s"
        name = conninfo_to_dict(str(world.database))["dbname"]
        assert connection.execute(owners, [name]).fetchone() == ("license",)


def test_roles_that_are_missing_are_named_before_anything_is_made(
    postgres_server: PrivatePostgres, world: World, backup: OperatorBackup
) -> None:
    world.close()
    ledger = PostgresLedger(postgres_server.url("a-new-machine"), say=silent)
    manifest = read_manifest(backup.folder)
    manifest.roles.append("nobody_here")
    before = databases(str(world.database))

    with (
        pytest.raises(BackupFailed, match="must exist first: nobody_here"),
        ledger.restoring(backup.folder / manifest.file, manifest),
    ):
        raise AssertionError("it went on")

    assert databases(str(world.database)) == before


def test_a_backup_goes_to_a_new_server_without_a_confirmation(
    postgres_server: PrivatePostgres, world: World, backup: OperatorBackup
) -> None:
    world.close()
    address = postgres_server.url("a-new-machine")

    kept = restore_backup(
        backup.folder,
        PostgresLedger(address, say=silent, clock=world.clock),
        peppers=PEPPERS,
        confirm=None,
        say=silent,
    )

    assert kept is None
    assert sessions_in(address) == 0
    drop_database(address, "a-new-machine")


def test_a_program_is_found_that_is_not_older_than_the_server() -> None:
    assert program_for("pg_dump", server_version=16).exists()
    assert "18" in str(program_for("pg_dump", server_version=17))
    with pytest.raises(BackupFailed, match="pg_dump of PostgreSQL 99 or newer"):
        program_for("pg_dump", server_version=99)
