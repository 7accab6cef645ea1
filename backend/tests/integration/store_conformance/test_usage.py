"""What was used of what was bought, against programs that come and go."""

from datetime import timedelta
from uuid import UUID

import pytest

from leasing.errors import LicenseUnknown, SeatsExhausted
from leasing.usage import DAY, HOUR, Usage, usage
from tenants.current import tenant_transaction
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.world import World


def used(
    world: World,
    step: timedelta = HOUR,
    *,
    of: Customer | None = None,
    license_id: UUID | None = None,
) -> Usage:
    with tenant_transaction((of or world.alice).tenant.id):
        return usage(
            license_id=license_id,
            start=world.now - DAY,
            end=world.now + DAY,
            step=step,
            now=world.now,
        )


def come_and_go(world: World) -> None:
    """Two programs for two minutes, one of them for three more, and one who is denied."""
    world.alice.resize(2)
    first, second = world.acquire("laptop"), world.acquire("desktop")
    with pytest.raises(SeatsExhausted):
        world.acquire("tablet")
    world.pass_time(120)
    world.release(first)
    world.pass_time(180)
    world.release(second)


def test_peak_average_and_denials_are_those_of_what_happened(world: World) -> None:
    come_and_go(world)

    found = used(world, DAY)

    assert found.end == world.now
    assert max(one.held.peak for one in found.periods) == 2
    held = sum(one.held.seat_microseconds for one in found.periods) / 1e6
    assert held == 2 * 120 + 180
    denied = [one.denials for one in found.periods if one.denials]
    assert denied == [{"seats_exhausted": 1}]


def test_the_histogram_says_how_long_how_much_was_held(world: World) -> None:
    come_and_go(world)

    found = used(world)

    assert found.seats == 2
    assert (found.utilization[5], found.utilization[10]) == (180, 120)
    assert found.utilization[0] == DAY.total_seconds() - 300
    assert sum(found.utilization) == DAY.total_seconds()


def test_a_session_that_runs_is_held_until_now(world: World) -> None:
    world.acquire("laptop")
    world.pass_time(60)

    assert used(world).periods[-1].held.peak == 1
    assert sum(one.held.seat_microseconds for one in used(world).periods) == 60_000_000


def test_one_that_lapsed_unnoticed_is_held_until_its_lease_ended(world: World) -> None:
    world.acquire("laptop")
    world.pass_time(1_000)

    assert sum(one.held.seat_microseconds for one in used(world).periods) == 360_000_000


def test_s11_the_usage_of_another_tenant_is_nobodys(world: World) -> None:
    charlie = invite(world).charlie
    come_and_go(world)

    assert {one.held.peak for one in used(world, of=charlie).periods} == {0}
    with pytest.raises(LicenseUnknown):
        used(world, of=charlie, license_id=world.alice.license.id)


def test_usage_of_one_license_is_its_own(world: World) -> None:
    other = Customer("alices-other", seats=5, tenant=world.alice.tenant)
    world.acquire("laptop", customer=other)
    world.pass_time(1)

    of_one = used(world, license_id=world.alice.license.id)
    of_other = used(world, license_id=other.license.id)

    assert (of_one.seats, max(one.held.peak for one in of_one.periods)) == (3, 0)
    assert (of_other.seats, max(one.held.peak for one in of_other.periods)) == (5, 1)
    assert used(world).seats == 8
