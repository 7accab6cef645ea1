"""Servers for the tests that cross packages."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.server import RunningServer, StartServer, start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server for many tests: whoever takes seats releases them, and nobody stops it."""
    with start(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers of the test's own: ``start_server(env={…}, name="data")``.

    Each name is a data folder; all of them are stopped when the test ends.
    """
    with ExitStack() as running:

        def start_one(env: Mapping[str, str] | None = None, name: str = "data") -> RunningServer:
            return running.enter_context(start(tmp_path / name, env))

        yield start_one
