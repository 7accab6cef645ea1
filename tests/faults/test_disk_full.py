"""The disk of the ledger is full for a while: calls are told so, and nothing is half done."""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from faults.cluster import SEED, USUAL, Cluster
from faults.namespaces import small_disk, why_none_of_our_own
from faults.verdict import assert_promises_kept
from support.books import Books
from support.crowd import Crowd
from support.server import RunningServer, start

from tests.support.telling import tell

HABITS = replace(USUAL, ttl_seconds=60, interval_seconds=2, pace_seconds=0.01)
POSTGRES_MEGABYTES, SQLITE_MEGABYTES = 120, 64  # SQLite's log alone grows to 32
FULL_SECONDS = 6
FAILURES = 20
CHUNK = b"\0" * 65_536


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Leave not a byte free in a file system."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (len(CHUNK), 4_096):
            try:
                while file.write(CHUNK[:size]):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        ballast.unlink()


def live_through(crowd: Crowd, disk_full: Callable[[], AbstractContextManager[None]]) -> None:
    """Let a crowd meet a full disk, wait until it noticed, and go on when there is room again."""
    crowd.wait_for_calls(300)
    with disk_full():
        began, failures = time.monotonic(), crowd.failures
        while time.monotonic() - began < FULL_SECONDS or crowd.failures - failures < FAILURES:
            assert time.monotonic() - began < 10 * FULL_SECONDS, "nobody noticed"
            crowd.pause(0.1)
    freed = time.monotonic()
    crowd.wait_for_calls(300)
    tell(f"\n{crowd.failures} calls failed; served again {time.monotonic() - freed:.1f} s later")
    crowd.wait_until_the_faithful_are_back()


@pytest.fixture
def small(folder: Path) -> Path:
    if reason := why_none_of_our_own():
        pytest.skip(f"NO DISK WAS FILLED: {reason}")
    return folder


def test_s1_s2_s15_a_full_disk_under_postgresql_is_told_and_passes(
    small: Path, founded: Path
) -> None:
    disk = small / "postgres"
    with small_disk(disk, megabytes=POSTGRES_MEGABYTES), Cluster(small, founded) as cluster:
        cluster.database.start()
        cluster.shorten_leases(HABITS)
        cluster.start(servers=2)
        processes = [server.process.pid for server in cluster.servers]

        with cluster.crowd(HABITS, seed=SEED) as crowd:
            live_through(crowd, lambda: full(disk))

        assert [server.process.pid for server in cluster.servers] == processes
        assert_promises_kept(crowd, cluster.books(), name="full disk, PostgreSQL")


SQLITE_HABITS = replace(HABITS, ttl_seconds=360, interval_seconds=2)


def crowd_at(server: RunningServer) -> Crowd:
    return Crowd([server.address], server.demo["license_key"], SQLITE_HABITS, seed=SEED)


def test_s1_s2_s15_a_full_disk_under_sqlite_is_told_and_passes(small: Path) -> None:
    disk = small / "data"
    with small_disk(disk, megabytes=SQLITE_MEGABYTES), start(disk) as server:
        with crowd_at(server) as crowd:
            live_through(crowd, lambda: full(disk))
        assert server.stop() == 0

        assert_promises_kept(crowd, Books.of_folder(disk), name="full disk, SQLite")


@contextmanager
def no_file_grows(process: int) -> Iterator[None]:
    """Forbid a process to make any file longer, as a quota does."""
    usual = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (1, usual[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, usual)


@pytest.mark.skipif(sys.platform != "linux", reason="NO QUOTA WAS SET: prlimit is Linux's")
def test_s1_s2_s15_a_quota_under_sqlite_is_told_and_passes(folder: Path) -> None:
    with start(folder / "data") as server:
        with crowd_at(server) as crowd:
            live_through(crowd, lambda: no_file_grows(server.process.pid))
        assert server.stop() == 0

        books = Books.of_folder(folder / "data")
        assert_promises_kept(crowd, books, name="quota, SQLite")
