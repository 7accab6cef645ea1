"""A SQLite ledger that was put back to an older copy, too quickly to have been missed."""

import os
from pathlib import Path

import pytest

from leasing.errors import SeatsExhausted
from leasing.models import LedgerState
from leasing.stores.sqlite.alive_mark import AliveMark
from tests.support.plane import Plane
from tests.support.world import World


def hold_since() -> object:
    return LedgerState.objects.get().hold_since


def test_s2_a_copy_that_is_a_few_seconds_old_is_noticed_at_the_start(db: Path) -> None:
    world = World(db, seats=1)
    lease = world.acquire("laptop")
    world.pass_time(355)
    backup = world.back_up()
    world.pass_time(6)

    world.restore(backup)

    assert hold_since() == world.now
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id
    world.close()


def test_a_restart_with_the_same_file_is_no_restore(db: Path) -> None:
    world = World(db, seats=1)
    world.pass_time(60)

    world.restart()

    assert hold_since() is None
    world.close()


def test_a_ledger_that_comes_without_its_mark_is_served(db: Path) -> None:
    world = World(db, seats=1)
    (db.parent / f"{db.name}-alive").write_bytes(b"what somebody wrote, and more than a time")
    world.another_store().close()

    assert world.acquire("laptop").is_new
    assert hold_since() is None
    world.close()


def test_a_copy_that_is_put_back_under_the_running_server_is_noticed(
    db: Path, tmp_path: Path
) -> None:
    with Plane(db, tmp_path) as plane:
        copy = plane.back_up()
        plane.pass_time(20)

        plane.restore(copy)
        plane.pass_time(1)

        assert hold_since() is not None


def test_a_mark_that_is_closed_twice_closes_no_file_of_others(tmp_path: Path) -> None:
    mark = AliveMark(tmp_path / "ledger.sqlite3")
    mark.close()
    with (tmp_path / "other").open("wb") as other:  # it gets the number that is free again
        mark.close()

        assert os.fstat(other.fileno()).st_size == 0
