"""A server that trusts one hop, and an edge before it, for many tests."""

from collections.abc import Iterator

import pytest
from deploy.edge.edges import Edge, edge_before, skip_without_packages
from support.server import RunningServer, start


@pytest.fixture(scope="module")
def trusting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that believes one proxy about where calls come from."""
    skip_without_packages()
    folder = tmp_path_factory.mktemp("server") / "data"
    with start(folder, {"LICENSE_FORWARDED_HOPS": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def edge(
    trusting_server: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    """An edge with everything as it comes."""
    with edge_before(tmp_path_factory.mktemp("edge"), trusting_server.port) as running:
        yield running
