"""What the parts of tests/deploy share: one engine for OpenTofu in each pytest worker."""

from collections.abc import Iterator

import pytest
from deploy.opentofu.engine import Engine, started_engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with started_engine() as started:
        yield started
