"""All seats of all tenants, counted in pages, are what the stores gave out."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from leasing.census import Census, CensusReader, Count
from leasing.errors import StoreUnavailable
from leasing.stores.postgres.census import PostgresCensus
from leasing.stores.sqlite.census import SqliteCensus
from tests.support.customer import Customer
from tests.support.postgres import as_leasing
from tests.support.world import World


def reader_of(world: World, page_seats: int) -> "SqliteCensus | PostgresCensus":
    if isinstance(world.database, Path):
        return SqliteCensus(world.database, clock=world.clock, page_seats=page_seats)
    url = as_leasing(str(world.database))
    return PostgresCensus(url, clock=world.clock, page_seats=page_seats)


def counted(reader: CensusReader, most_named: int = 10) -> Census:
    count, after = Count(most_named), None
    while (after := count.add(reader.page(after))) is not None:
        pass
    return count.census()


def census(world: World, page_seats: int, most_named: int = 10) -> Census:
    with closing(reader_of(world, page_seats)) as reader:
        return counted(reader, most_named)


def named(found: Census) -> list[tuple[float, UUID]]:
    return [(use, UUID(license_)) for use, _, license_ in found.most_used]


@pytest.mark.parametrize("page_seats", [1, 2, 3, 5_000])
def test_every_seat_is_counted_once_whatever_the_pages(
    make_world: Callable[..., World], page_seats: int
) -> None:
    world = make_world(seats=3)
    bob = Customer("bob", seats=4)
    lapsing = world.acquire("laptop")
    world.pass_time(seconds=300)
    for number in range(2):
        world.acquire(f"alice-{number}")
    for number in range(4):
        world.acquire(f"bob-{number}", customer=bob)
    world.pass_time(seconds=100)

    found = census(world, page_seats)

    assert lapsing.lease_expires_at < world.now
    assert (found.live, found.lapsed, found.exhausted) == (6, 1, 1)
    assert named(found) == [(1.0, bob.license.id), (pytest.approx(2 / 3), world.alice.license.id)]


def test_free_seats_are_neither(world: World) -> None:
    world.release(world.acquire("laptop"))

    assert census(world, 5_000) == Census(0, 0, 0, ())


def test_only_the_most_used_are_named(make_world: Callable[..., World]) -> None:
    world = make_world(seats=3)
    bob = Customer("bob", seats=4)
    world.acquire("laptop")
    for number in range(3):
        world.acquire(f"bob-{number}", customer=bob)

    assert named(census(world, 5_000, most_named=1)) == [(0.75, bob.license.id)]
    assert named(census(world, 5_000, most_named=0)) == []


def test_an_empty_ledger_has_nothing(world: World) -> None:
    with closing(reader_of(world, 5_000)) as reader:
        assert counted(reader) == Census(0, 0, 0, ())
        assert reader.standing().hold is None


def test_a_reader_goes_on_after_it_was_closed(world: World) -> None:
    world.acquire("laptop")
    with closing(reader_of(world, 5_000)) as reader:
        first = counted(reader)
        reader.close()

        assert counted(reader) == first == census(world, 1)


def test_a_ledger_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nowhere: list[CensusReader] = [
        SqliteCensus(tmp_path / "none.sqlite3"),
        PostgresCensus("postgresql://license@127.0.0.1:1/license"),
    ]

    for reader in nowhere:
        with pytest.raises(StoreUnavailable):
            reader.page(None)
