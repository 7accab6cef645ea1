"""Clusters for the faults: made once, copied for each test, ended with it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.cluster import Cluster, found


@pytest.fixture(scope="session")
def founded() -> Iterator[Path]:
    """The data of a cluster that is stopped, to be copied and never started."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        found(Path(folder))
        yield Path(folder)


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder whose path is short enough for PostgreSQL's socket."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        yield Path(name)


@pytest.fixture
def cluster(founded: Path, folder: Path) -> Iterator[Cluster]:
    """A cluster on a copy of the founded one, with its database running and no server yet."""
    with Cluster(folder, founded) as made:
        made.database.start()
        yield made
