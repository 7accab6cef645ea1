"""``manage.py rotate_signing_key`` as an operator sees it; and the rotation on PostgreSQL."""

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from coditect_license.management.commands.rotate_signing_key import Command
from foundation.clock import utc_now
from leasing.queries import longest_loan
from leasing.store import Lease
from signing import operations, queries
from signing.local_versions import LocalKeyVersions
from signing.models import SigningKey
from signing.rotation import Rotation
from signing.rotation_steps import Periods
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.roots import making_roots
from tests.support.world import open_sqlite

DAY_SECONDS = 86_400


class Desk:
    """An operator's desk: runs the command, and lets time pass where the command pauses."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(utc_now())
        self.pauses: list[float] = []
        self.database = folder / "license.sqlite3"
        self.versions = LocalKeyVersions(
            folder / "root-key.pem", clock=self.clock, make=making_roots()
        )
        first = self.versions.create().location
        signer = self.versions.signer(first)
        operations.remember_root(signer, now=self.clock(), location=first)
        self.rotation = Rotation(self.versions, issuer="https://a.example", clock=self.clock)

    def run(self, *arguments: str) -> str:
        said = StringIO()
        command = Command(rotation=self.rotation, clock=self.clock, pause=self._pause)
        call_command(command, *arguments, stdout=said)
        return said.getvalue()

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def desk(db: Path) -> Desk:
    return Desk(db.parent)


def test_waiting_goes_on_until_all_is_done_and_looks_each_minute(desk: Desk) -> None:
    said = desk.run("--wait", "--longest-offline-days", "0", "--keep-disabled-days", "0")

    assert "(done)" in said
    assert sum(desk.pauses) == 2 * DAY_SECONDS
    assert max(desk.pauses) == 60
    assert [row.status for row in SigningKey.objects.all()] == ["retired", "active"]


def test_waiting_for_a_step_ends_with_that_step(desk: Desk) -> None:
    desk.run("--wait", "--until", "switch", "--longest-offline-days", "0")

    assert sum(desk.pauses) == DAY_SECONDS
    assert queries.open_rotation() is not None


def test_the_plan_says_until_when_each_step_waits(desk: Desk) -> None:
    plan = desk.run("--dry-run", "--longest-offline-days", "2", "--keep-disabled-days", "1")

    begin = desk.clock()
    for step, days in {"switch": 3, "retire": 6, "disable": 6, "destroy": 7}.items():
        moment = (begin + timedelta(days=days)).isoformat(timespec="microseconds")
        (line,) = [line for line in plan.splitlines() if line.split()[:1] == [step]]
        assert line.endswith(f"not before {moment}"), line
    assert queries.open_rotation() is None


def test_s10_a_rotation_waits_as_long_as_any_seat_may_be_lent(desk: Desk) -> None:
    short, long = (Customer(name, seats=1) for name in ("alice", "bob"))
    short.lend(3 * DAY_SECONDS)
    long.lend(20 * DAY_SECONDS)

    plan = desk.run("--dry-run")

    assert "seats are lent for 20.0 days" in plan
    moment = (desk.clock() + timedelta(days=21)).isoformat(timespec="microseconds")
    (line,) = [line for line in plan.splitlines() if line.split()[:1] == ["switch"]]
    assert line.endswith(f"not before {moment}")


def test_s10_a_rotation_waits_for_files_of_a_policy_that_lends_no_more(desk: Desk) -> None:
    alice = Customer("alice", seats=1)
    alice.lend(30 * DAY_SECONDS)
    store = open_sqlite(desk.database, desk.clock)
    (lease,) = store.apply([alice.acquire("laptop")])
    assert isinstance(lease, Lease)
    until = desk.clock() + timedelta(days=30)
    store.apply([alice.borrow(lease.session_id, until)])
    store.close()
    alice.lend(0)

    assert longest_loan(now=desk.clock()) == timedelta(days=30)
    assert longest_loan(now=until) == timedelta(0)


def test_a_destruction_is_taken_back(desk: Desk) -> None:
    desk.rotation.advance(Periods(spread=0, outlive=0, regret=0))
    old = SigningKey.objects.filter(status="retired").get()

    assert "taken back" in desk.run("--restore", old.key_id)
    with pytest.raises(CommandError, match="no root has"):
        desk.run("--restore", "nobody")


@pytest.mark.parametrize("days", ["-1", "nan", "many", "4000"])
def test_senseless_periods_are_refused(desk: Desk, days: str) -> None:
    with pytest.raises(CommandError):
        desk.run(f"--longest-offline-days={days}")


@pytest.mark.usefixtures("postgres_db")
def test_on_postgresql_a_rotation_runs_and_keys_are_kept_for_ever(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.rotation.advance(Periods(spread=0, outlive=0, regret=0))

    assert [row.status for row in SigningKey.objects.all()] == ["retired", "active"]
    assert abs((queries.database_now() - utc_now()).total_seconds()) < 60
    for statement in (
        "DELETE FROM signing_key",
        "TRUNCATE signing_key",
        "UPDATE signing_key SET pem = 'another'",
    ):
        with pytest.raises(DatabaseError, match="kept for ever"), connection.cursor() as cursor:
            cursor.execute(statement)
    assert SigningKey.objects.count() == 2
