"""The personal cap: one person with many devices stops at it, and takes nothing from others."""

from collections import Counter

import pytest

from leasing.errors import PersonalCapReached, SeatsExhausted
from leasing.models import Seat
from leasing.store import Lease
from tenants.current import tenant_transaction
from tests.support.ledger import contradictions, denials, live_seats
from tests.support.world import World

DEVICES = [f"device-{number}" for number in range(8)]


@pytest.fixture
def capped(world: World) -> World:
    world.alice.resize(len(DEVICES))
    world.alice.cap_persons(2)
    return world


def test_a_person_with_many_devices_stops_at_the_cap_and_others_do_not(capped: World) -> None:
    outcomes = [capped.apply(capped.alice.acquire(device))[0] for device in DEVICES]

    assert [type(one) for one in outcomes] == [Lease] * 2 + [PersonalCapReached] * 6
    bob = capped.alice.person("bob")
    assert capped.ask(capped.alice.acquire("device-7", caller=bob), Lease).is_new
    assert denials(capped.alice) == Counter(personal_cap_reached=6)
    assert contradictions(capped.alice) == []


def test_acquires_of_one_batch_cannot_pass_it_together(capped: World) -> None:
    outcomes = capped.apply(*[capped.alice.acquire(device) for device in DEVICES])

    assert Counter(type(one) for one in outcomes) == {Lease: 2, PersonalCapReached: 6}
    assert live_seats(capped.alice, capped.now) == 2


def test_acquires_of_two_stores_cannot_pass_it_together(capped: World) -> None:
    other = capped.another_store()
    try:
        stores = [capped.store, other] * 4
        outcomes = [
            store.apply([capped.alice.acquire(device)])[0]
            for store, device in zip(stores, DEVICES, strict=True)
        ]
    finally:
        other.close()

    assert Counter(type(one) for one in outcomes) == {Lease: 2, PersonalCapReached: 6}


def test_who_is_at_the_cap_comes_back_to_his_own_seats_and_renews_them(capped: World) -> None:
    lease = capped.acquire("device-0")
    capped.acquire("device-1")

    again = capped.acquire("device-0", "a second program")

    assert (again.is_new, again.session_id) == (False, lease.session_id)
    assert capped.heartbeat(lease).session_id == lease.session_id


@pytest.mark.parametrize("end", ["release", "lapse"])
def test_a_seat_that_ended_counts_no_longer(capped: World, end: str) -> None:
    lease = capped.acquire("device-0")
    capped.acquire("device-1")
    if end == "release":
        capped.release(lease)
    else:
        capped.pass_time(360)

    assert capped.acquire("device-2").is_new


def test_a_freed_seat_belongs_to_nobody_in_person(capped: World) -> None:
    lease = capped.acquire("device-0")
    assert Seat.across_tenants.exclude(person=None).count() == 1

    capped.release(lease)

    assert Seat.across_tenants.exclude(person=None).count() == 0


def test_no_seat_says_who_the_person_is(capped: World) -> None:
    capped.acquire("device-0")

    (seat,) = Seat.across_tenants.filter(slot=0)
    assert seat.person is not None
    assert len(seat.person) == 22
    assert "alice" not in seat.person


def test_seats_taken_before_there_was_a_cap_count_and_stay(world: World) -> None:
    world.alice.resize(len(DEVICES))
    leases = [world.acquire(device) for device in DEVICES[:4]]
    world.alice.cap_persons(3)

    with pytest.raises(PersonalCapReached):
        world.acquire("device-4")

    assert [world.heartbeat(lease).session_id for lease in leases]


def test_every_refusal_names_the_cap(capped: World) -> None:
    capped.apply(*[capped.alice.acquire(device) for device in DEVICES])

    with pytest.raises(PersonalCapReached) as refused:
        capped.acquire("device-7")

    assert refused.value.cap == 2


def test_off_means_off(world: World) -> None:
    world.alice.resize(len(DEVICES))
    for cap in (None, 0):
        world.alice.cap_persons(cap)
        assert world.acquire(f"device-{cap}").is_new


def test_holders_of_the_key_are_nobody_in_person(capped: World) -> None:
    capped.alice.license.key_auth = True
    with tenant_transaction(capped.alice.tenant.id):
        capped.alice.license.save()
    calls = [capped.alice.acquire(one, caller=capped.alice.key_holder) for one in DEVICES]

    assert {type(one) for one in capped.apply(*calls)} == {Lease}


def test_a_full_license_says_so_to_who_is_below_the_cap(capped: World) -> None:
    capped.alice.resize(1)
    capped.acquire("device-0")

    with pytest.raises(SeatsExhausted):
        capped.acquire("device-1")


def test_a_session_that_came_back_by_its_token_counts(capped: World) -> None:
    backup = capped.back_up()
    leases = [capped.acquire(device) for device in DEVICES[:2]]
    capped.restore(backup)
    for lease in leases:
        capped.come_back(lease)

    with pytest.raises(PersonalCapReached):
        capped.acquire("device-2")
