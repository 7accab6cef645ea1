"""Backups of a ledger: whole or refused, and nobody who is live loses a seat by a restore."""

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coditect_license.backups.create import create_backup
from coditect_license.backups.errors import (
    BackupDamaged,
    BackupFailed,
    BackupUnsuitable,
    LedgerInUse,
    NotConfirmed,
)
from coditect_license.backups.ledgers import Draft
from coditect_license.backups.manifest import MANIFEST, read_manifest, sha256_of
from coditect_license.backups.restore import restore_backup, verify_backup
from leasing.errors import SeatsExhausted
from leasing.models import LicenseSession
from leasing.stores.gate import ServerSeat
from signing.queries import key_set_version
from tests.support.drill import Drill
from tests.support.operator_backups import PEPPERS, OperatorBackup, backing_up_to, ledger_at
from tests.support.world import World, open_postgres

STEPS = 300
SEAT = "license.sqlite3-server"


def silent(line: str) -> None:
    """Hear nothing."""


def restore(world: World, folder: Path, **options: Any) -> str | None:
    ledger = ledger_at(world.database, world.clock)
    choices: dict[str, Any] = {"peppers": PEPPERS, "confirm": ledger.name, "say": silent}
    choices |= options
    return restore_backup(folder, ledger, **choices)


def rows_of(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        return list(connection.iterdump())


@pytest.fixture
def world(db: Path) -> World:
    return World(db, seats=1)


@pytest.fixture
def backup(world: World, tmp_path: Path) -> Path:
    return OperatorBackup(world.database, world.clock, tmp_path / "backup").folder


def test_s1_to_s6_and_s15_restored_backups_keep_every_promise(db: Path, tmp_path: Path) -> None:
    drill = Drill(db, seed=1, with_restores=True, back_up=backing_up_to(tmp_path))

    assert drill.run(STEPS) == set(), drill.differences


def test_s1_to_s6_and_s15_restored_backups_of_postgresql_keep_every_promise(
    postgres_db: str, tmp_path: Path
) -> None:
    drill = Drill(
        postgres_db,
        seed=1,
        open_store=open_postgres,
        with_restores=True,
        back_up=backing_up_to(tmp_path),
    )

    assert drill.run(STEPS // 2) == set(), drill.differences


def test_s2_a_live_holder_keeps_its_seat_when_its_lease_ended_while_servers_were_down(
    world: World, tmp_path: Path
) -> None:
    lease = world.acquire("laptop")
    backup = OperatorBackup(world.database, world.clock, tmp_path / "backup")
    world.store.close()
    world.clock.advance(400)

    backup.restore()

    world.store = world.another_store()
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id
    world.close()


def test_nothing_of_a_backup_can_be_read_by_others(backup: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()}

    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert modes == {MANIFEST: 0o600, "ledger.sqlite3": 0o600}


def test_a_backup_holds_no_pepper_and_says_which_it_needs(backup: Path) -> None:
    content = b"".join(path.read_bytes() for path in backup.iterdir())

    assert PEPPERS[1] not in content
    assert PEPPERS[1].hex().encode() not in content
    assert set(read_manifest(backup).peppers) == {"1"}


def test_a_backup_is_never_written_over_another(world: World, backup: Path) -> None:
    before = sorted(path.read_bytes() for path in backup.iterdir())

    with pytest.raises(BackupFailed, match="exists already"):
        OperatorBackup(world.database, world.clock, backup)

    assert sorted(path.read_bytes() for path in backup.iterdir()) == before


def test_a_backup_that_fails_leaves_no_folder(world: World, tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path / "elsewhere.sqlite3", world.clock)

    with pytest.raises(BackupFailed):
        create_backup(tmp_path / "backup", ledger, peppers=PEPPERS, clock=world.clock)

    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def flip_a_bit(backup: Path) -> None:
    path = backup / "ledger.sqlite3"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_short(backup: Path) -> None:
    os.truncate(backup / "ledger.sqlite3", 4_096)


def lose_the_file(backup: Path) -> None:
    (backup / "ledger.sqlite3").unlink()


def spoil_the_manifest(backup: Path) -> None:
    (backup / MANIFEST).write_text("{")


def point_elsewhere(backup: Path) -> None:
    change_manifest(backup, file="../../etc/passwd")


def spoil_pages_and_fit_the_manifest(backup: Path) -> None:
    path = backup / "ledger.sqlite3"
    content = bytearray(path.read_bytes())
    content[8_192:20_480] = os.urandom(12_288)
    path.write_bytes(content)
    change_manifest(backup, sha256=sha256_of(path))


def change_manifest(backup: Path, **values: Any) -> None:
    manifest = json.loads((backup / MANIFEST).read_text())
    (backup / MANIFEST).write_text(json.dumps(manifest | values))


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_bit,
        cut_short,
        lose_the_file,
        spoil_the_manifest,
        point_elsewhere,
        spoil_pages_and_fit_the_manifest,
    ],
)
def test_a_damaged_backup_is_refused_and_the_ledger_is_as_it_was(
    world: World, backup: Path, damage: Callable[[Path], None]
) -> None:
    world.acquire("since")
    world.close()
    damage(backup)
    before = rows_of(Path(world.database))

    with pytest.raises(BackupDamaged):
        restore(world, backup)

    assert rows_of(Path(world.database)) == before


def test_a_backup_of_another_database_a_later_version_or_another_pepper_is_refused(
    world: World, backup: Path
) -> None:
    ledger = ledger_at(world.database, world.clock)
    with pytest.raises(BackupUnsuitable, match="PEPPER_1"):
        verify_backup(backup, ledger, peppers={1: b"another pepper".ljust(32, b".")})
    verify_backup(backup, ledger, peppers={1: b"x" * 32}, without_peppers=True)
    with pytest.raises(BackupUnsuitable, match="sqlite"):
        verify_backup(backup, ledger_at("postgresql:///x", world.clock), peppers=PEPPERS)
    change_manifest(backup, migrations={"leasing": ["9999_to_come"]})
    with pytest.raises(BackupUnsuitable, match="later version"):
        verify_backup(backup, ledger, peppers=PEPPERS)


def test_a_restore_under_a_running_server_is_refused(world: World, backup: Path) -> None:
    world.acquire("since")
    world.close()
    server = ServerSeat(Path(world.database))
    before = rows_of(Path(world.database))

    with pytest.raises(LedgerInUse, match="a server is running"):
        restore(world, backup)

    assert rows_of(Path(world.database)) == before
    server.close()


def test_a_restore_beside_a_program_that_has_the_file_open_is_refused(
    world: World, backup: Path
) -> None:
    world.close()
    reader = sqlite3.connect(world.database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM seat").fetchone()

    with pytest.raises(LedgerInUse, match="open"):
        restore(world, backup)

    reader.close()
    assert restore(world, backup) is not None


def test_what_is_replaced_must_be_named(world: World, backup: Path) -> None:
    world.close()

    for confirm in (None, "", "license", str(world.database)):
        with pytest.raises(NotConfirmed, match="not empty"):
            restore(world, backup, confirm=confirm)


def test_the_ledger_that_was_replaced_is_kept(world: World, backup: Path) -> None:
    since = world.acquire("since")
    world.close()
    before = rows_of(Path(world.database))

    kept = restore(world, backup)

    assert kept is not None
    assert rows_of(Path(kept)) == before
    assert not LicenseSession.across_tenants.filter(id=since.session_id).exists()
    assert {path.name for path in Path(world.database).parent.iterdir()} >= {Path(kept).name}


def test_a_restore_that_fails_half_way_leaves_the_ledger_and_no_rest(
    world: World, backup: Path
) -> None:
    world.acquire("since")
    world.close()
    before, files = rows_of(Path(world.database)), folder_of(world)

    def fail(_draft: Draft) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(BackupFailed, match="changed nothing"):
        restore(world, backup, complete=fail)

    assert rows_of(Path(world.database)) == before
    assert folder_of(world) == files


def folder_of(world: World) -> set[str]:
    """Return what lies in the data folder, but for the file behind the server's seat."""
    return {path.name for path in Path(world.database).parent.iterdir()} - {SEAT}


def test_a_damaged_ledger_can_be_replaced(world: World, backup: Path) -> None:
    world.close()
    Path(world.database).write_bytes(b"no database at all" * 1_000)

    restore(world, backup)

    world.store = world.another_store()
    assert world.acquire("laptop").is_new
    world.close()


def test_clients_find_no_older_key_set_after_a_restore(world: World, backup: Path) -> None:
    before = key_set_version()
    world.close()

    restore(world, backup)

    assert key_set_version() > before


def test_a_backup_goes_to_a_new_machine(world: World, backup: Path) -> None:
    world.close()
    Path(world.database).unlink()

    assert restore(world, backup, confirm=None) is None

    world.store = world.another_store()
    assert world.acquire("laptop").is_new
    world.close()
