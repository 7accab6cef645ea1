"""Servers over one PostgreSQL, each a process of its own, and who brings them back."""

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from faults.database import NAME, Database
from support.books import Books
from support.crowd import Crowd, Habits
from support.server import RunningServer, give_root_key

SEATS: Final = 10
SEED: Final = int(os.environ.get("FAULTS_SEED", "20300101"))
USUAL: Final = Habits(
    seats=SEATS,
    restless=8,
    faithful=6,
    ttl_seconds=30,
    interval_seconds=4,
    pace_seconds=0.005,
    may_fail=True,
)
"""How crowds live here, unless a test says what it has otherwise."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_MOST_STARTS: Final = 20


def found(folder: Path) -> None:
    """Make the data of a cluster: a migrated database, a tenant, a license of ten seats."""
    server_folder = folder / "server"
    server_folder.mkdir(mode=0o700, parents=True)
    give_root_key(server_folder)
    database = Database(folder / "postgres")
    database.start()
    try:
        database.server.ensure_database(NAME)
        first = RunningServer(server_folder, {"LICENSE_DATABASE_URL": database.url})
        first.start()
        first.stop()
    finally:
        database.stop()


class Cluster:
    """A database and ``servers`` processes over it, from ``with`` to its end.

    Made from a copy of ``founded``. ``database_url`` is what the servers are told, for tests that
    have more than one database or another way to it.
    """

    def __init__(self, folder: Path, founded: Path, *, database: Database | None = None) -> None:
        shutil.copytree(founded, folder, dirs_exist_ok=True, ignore=_runtime_files)
        self.folder = folder
        self.database = database or Database(folder / "postgres")
        self.servers: list[RunningServer] = []
        self._reviver = ThreadPoolExecutor(thread_name_prefix="reviver")
        self._reviving: dict[RunningServer, Future[None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reviver.shutdown(wait=True, cancel_futures=True)
        for server in self.servers:
            server.kill()
        self.database.stop()

    def start(
        self,
        servers: int = 2,
        *,
        database_url: str = "",
        environment: Mapping[str, str] = _NONE,
        host: str = "127.0.0.1",
        launcher: Sequence[str] = (),
    ) -> None:
        """Start the database, unless it runs, and the servers; return when all answer."""
        settings = {"LICENSE_DATABASE_URL": database_url or self.database.url, **environment}
        self.servers = [
            RunningServer(
                self.folder / "server", settings, command="serve", host=host, launcher=launcher
            )
            for _ in range(servers)
        ]
        for server in self.servers:
            self._reviving[server] = self._reviver.submit(_start, server)
        self.wait_until_all_serve()

    def shorten_leases(self, habits: Habits) -> None:
        """Give the license leases shorter than any policy may have, so that one passes in a test.

        The check that forbids them is dropped from the test's database.
        """
        self.database.ask(
            "ALTER TABLE license DROP CONSTRAINT IF EXISTS license_ttl_from_60_s_to_24_h;"
            f"UPDATE license SET ttl_seconds = {habits.ttl_seconds:.0f},"
            f" heartbeat_interval_seconds = {habits.interval_seconds:.0f}, seats = {habits.seats}"
        )

    def crowd(self, habits: Habits, *, seed: int, name: str = "") -> Crowd:
        """Return a crowd that spreads over all servers."""
        addresses = [server.address for server in self.servers]
        key = self.servers[0].demo["license_key"]
        return Crowd(addresses, key, habits, seed=seed, name=name)

    def kill_and_revive(self, server: RunningServer) -> None:
        """Kill a server and let it start again by itself, as an orchestrator would."""
        server.kill()
        self._reviving[server] = self._reviver.submit(_start, server)

    def serving(self) -> list[RunningServer]:
        """Return the servers that are not just being started."""
        return [server for server in self.servers if self._reviving[server].done()]

    def wait_until_all_serve(self) -> None:
        for start in self._reviving.values():
            start.result()

    def books(self) -> Books:
        return Books.of_database(self.database.url)


def _start(server: RunningServer) -> None:
    """Start a server, again and again while its database is away."""
    for _ in range(_MOST_STARTS - 1):
        try:
            return server.start()
        except AssertionError:
            continue
    return server.start()


def _runtime_files(_folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in {"lock", "sockets"}}
