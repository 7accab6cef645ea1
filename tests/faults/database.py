"""PostgreSQL that is killed and started again: processes of ours on a folder of the test's."""

import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psycopg

from coditect_license.private_postgres import PrivatePostgres, running_postgres

NAME: Final = "license"
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Database:
    """A durable PostgreSQL in one folder; its address stays the same from life to life."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] = _NONE,
        environment: Mapping[str, str] = _NONE,
    ) -> None:
        self.folder = folder
        self.settings = dict(settings)
        self.environment = dict(environment)
        self._life = ExitStack()
        self._server: PrivatePostgres | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return self.server.url(NAME)

    @property
    def server(self) -> PrivatePostgres:
        assert self._server is not None, "it never ran"
        return self._server

    def start(self) -> None:
        """Run, after a crash with recovery, and return when connections are taken."""
        self._server = self._life.enter_context(
            running_postgres(self.folder, settings=self.settings, environment=self.environment)
        )

    def stop(self) -> None:
        """Shut down in good order; nothing happens when it does not run."""
        self._life.close()

    def kill(self) -> None:
        """End every process at once, between any two of their steps."""
        os.killpg(self.server.pid, signal.SIGKILL)
        self.stop()

    def kill_postmaster(self) -> None:
        """End the first process alone; the others notice and leave."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.stop()

    def kill_backend(self) -> None:
        """End one process that serves the leasing plane: all the others must crash with it."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'license-leasing'"
        for (pid,) in self.ask(f"{query} LIMIT 1"):
            os.kill(pid, signal.SIGKILL)

    def ask(self, query: str) -> list[Any]:
        """Return the rows of a query, asked as the superuser."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []
