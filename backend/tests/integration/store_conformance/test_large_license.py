"""A license of 50,000 seats claims and refuses as fast as one of fifty (S17)."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest

from leasing.errors import SeatsExhausted
from leasing.models import LicenseSession, Seat
from leasing.store import Lease, Released
from tests.support.customer import Customer
from tests.support.telling import tell
from tests.support.world import World

SEATS = 50_000
MEASURED = 60
SAME_CLASS = 5.0
FLOOR_SECONDS = 0.002
"""A median is the same class when it is within five times the small one's plus this."""


@pytest.mark.alone
def test_s9_s17_a_large_license_refuses_claims_and_reclaims_in_the_time_of_a_small_one(
    make_world: Callable[..., World],
) -> None:
    world, large = small_and_large(make_world)
    both = (world.alice, large)

    compare("refusing", world, large, SeatsExhausted)
    for customer in both:
        customer.resize(customer.license.seats + MEASURED)
    compare("claiming", world, large, Lease)
    for customer in both:
        release_the_last(customer, world)
    compare("claiming again", world, large, Lease)
    world.pass_time(400)
    compare("reclaiming", world, large, Lease)


def compare(doing: str, world: World, large: Customer, answer: type[object]) -> None:
    quick = median_seconds(world, world.alice, doing, answer)
    slow = median_seconds(world, large, doing, answer)
    tell(f"{doing}: {quick * 1e3:.2f} ms of 50 seats, {slow * 1e3:.2f} ms of {SEATS}")
    assert slow < SAME_CLASS * quick + FLOOR_SECONDS


def small_and_large(make_world: Callable[..., World]) -> tuple[World, Customer]:
    """Return Alice's world with 50 seats and a customer with 50,000, all of them taken."""
    world = make_world(seats=50)
    large = Customer("large", seats=SEATS)
    for customer in (world.alice, large):
        occupy_every_seat(customer, world)
    return world, large


def release_the_last(customer: Customer, world: World) -> None:
    seats = Seat.across_tenants.filter(license_id=customer.license.id).order_by("-slot")[:MEASURED]
    outcomes = world.apply(*[customer.release(str(seat.session_id)) for seat in seats])
    assert outcomes == [Released()] * MEASURED


def occupy_every_seat(customer: Customer, world: World) -> None:
    end = world.now + timedelta(seconds=360)
    license_ = {"tenant_id": customer.tenant.id, "license_id": customer.license.id}
    sessions = [
        LicenseSession(**license_, slot=slot, gen=1, device=f"device-{slot}", started_at=world.now)
        for slot in range(customer.license.seats)
    ]
    LicenseSession.across_tenants.bulk_create(sessions, batch_size=5_000)
    Seat.across_tenants.bulk_create(
        [
            Seat(
                **license_,
                slot=slot,
                session_id=session.id,
                device=session.device,
                gen=1,
                lease_expires_at=end,
                unnamed_expires_at=end,
            )
            for slot, session in enumerate(sessions)
        ],
        batch_size=5_000,
    )


def median_seconds(world: World, customer: Customer, doing: str, answer: type[object]) -> float:
    """Return the median time of an acquire that is answered as expected, each a batch."""
    seconds = []
    for n in range(MEASURED):
        call = customer.acquire(f"{doing}-{n}")
        began_at = perf_counter()
        (outcome,) = world.apply(call)
        seconds.append(perf_counter() - began_at)
        assert isinstance(outcome, answer)
    return median(seconds)
