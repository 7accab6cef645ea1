"""Every test in this folder runs against every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # models can only be imported once Django is set up, which is later than this
    from tests.support.world import World


@pytest.fixture(params=["sqlite", "postgres"])
def make_world(request: pytest.FixtureRequest) -> Iterator[Callable[..., World]]:
    """Make the one world of a test, with the seats and times it names."""
    from tests.support.world import STORES, World

    made: list[World] = []
    database = request.getfixturevalue({"sqlite": "db", "postgres": "postgres_db"}[request.param])

    def make(**terms: Any) -> World:
        made.append(World(database, open_store=STORES[request.param], **terms))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A world where Alice has three seats, a TTL of 360 s and heartbeats every 120 s."""
    return make_world(seats=3)
