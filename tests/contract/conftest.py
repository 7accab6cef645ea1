"""A town of two tenants for the tests of a folder: what they change is theirs to change."""

from collections.abc import Iterator

import pytest
from support.api_document import Described, described
from support.server import RunningServer, start
from support.town import Neighbour, town


@pytest.fixture(scope="module")
def town_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of the module's own."""
    with start(tmp_path_factory.mktemp("town") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def neighbours(town_server: RunningServer) -> Iterator[tuple[Neighbour, Neighbour]]:
    """Alice, who calls, and Bob, of whom she must learn nothing."""
    alice, bob = town(town_server, "alice", "bob")
    yield alice, bob
    alice.leave()
    bob.leave()


@pytest.fixture(scope="module")
def operations(town_server: RunningServer) -> list[Described]:
    """Every operation that the server describes."""
    return described(town_server.base_url)
