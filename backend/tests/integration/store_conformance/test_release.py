"""Release: once is enough, twice does no harm, and nobody gives another's seat away."""

import pytest

from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.store import Released
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.ledger import live_seats, seat_records
from tests.support.world import World


def test_s5_a_release_frees_the_seat(world: World) -> None:
    lease = world.acquire("laptop")

    assert world.release(lease) == Released()
    assert live_seats(world.alice, world.now) == 0


def test_s5_release_is_idempotent(world: World) -> None:
    lease = world.acquire("laptop")

    outcomes = world.apply(*[world.alice.release(lease.session_id)] * 3)

    assert outcomes == [Released()] * 3
    assert world.release(lease) == Released()
    assert [record.action for record in seat_records(world.alice)].count("seat.released") == 1


def test_s5_a_late_release_does_not_touch_the_next_holder(world: World) -> None:
    world.alice.resize(1)
    crashed = world.acquire("laptop")
    world.pass_time(360)
    holder = world.acquire("desktop")

    world.release(crashed)

    assert world.heartbeat(holder).gen == 2


def test_s5_s11_only_the_owner_releases(world: World) -> None:
    cast = invite(world)
    lease = world.acquire("laptop")

    for stranger in (cast.charlie.user, cast.bob.key_holder):
        with pytest.raises(SessionUnknown):
            world.ask(world.alice.release(lease.session_id, caller=stranger), Released)

    assert world.heartbeat(lease).gen == 1


def test_s11_a_key_reaches_no_other_license_of_its_tenant(world: World) -> None:
    bob = invite(world).bob
    lease = world.acquire("laptop", customer=bob)
    other = Customer("bobs-second", seats=1, tenant=bob.tenant)
    other_lease = world.acquire("laptop", customer=other)

    with pytest.raises(SessionUnknown):
        world.ask(bob.release(other_lease.session_id, caller=bob.key_holder), Released)
    world.ask(bob.release(lease.session_id, caller=bob.key_holder), Released)


def test_s5_one_instances_release_keeps_the_seat_for_the_others(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")

    world.release(lease, "editor")

    assert world.inspect(lease).instances == ("renderer",)
    assert world.heartbeat(lease, "renderer").gen == 1
    with pytest.raises(LeaseLost):
        world.heartbeat(lease, "editor")


def test_s5_the_last_instances_release_frees_the_seat(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")

    world.release(lease, "editor")
    world.release(lease, "renderer")

    assert live_seats(world.alice, world.now) == 0


def test_s5_a_named_instances_release_keeps_the_seat_for_unnamed_programs(world: World) -> None:
    lease = world.acquire("laptop")
    world.acquire("laptop", "editor")

    world.release(lease, "editor")
    world.release(lease, "editor")

    assert world.heartbeat(lease).gen == 1


def test_s5_a_release_without_an_instance_ends_the_whole_session(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")

    world.release(lease)

    assert live_seats(world.alice, world.now) == 0


def test_s9_after_a_release_the_seat_lapses_with_the_instance_that_stays(world: World) -> None:
    world.alice.resize(1)
    crashed = world.acquire("laptop", "editor")
    world.pass_time(300)
    world.acquire("laptop", "renderer")

    world.release(crashed, "renderer")
    world.pass_time(60)

    assert world.acquire("desktop").is_new


def test_s3_a_license_known_to_be_full_notices_a_lease_that_a_release_cut_short(
    world: World,
) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop", "editor")
    world.pass_time(300)
    world.acquire("laptop", "renderer")
    world.pass_time(55)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")

    world.release(lease, "renderer")
    world.pass_time(5)

    assert world.acquire("desktop").is_new


def test_s5_the_instance_that_stays_may_have_lapsed(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.pass_time(300)
    world.acquire("laptop", "renderer")
    world.pass_time(60)

    world.release(lease, "renderer")

    assert live_seats(world.alice, world.now) == 0


def test_a_release_after_the_lease_lapsed_is_recorded_as_an_expiry(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(361)

    world.release(lease)

    state = world.inspect(lease)
    assert (state.ended_at, state.end_reason) == (lease.lease_expires_at, "expired")
    assert [record.action for record in seat_records(world.alice)] == [
        "seat.granted",
        "lease.expired",
    ]


def test_a_session_that_never_was_cannot_be_released(world: World) -> None:
    with pytest.raises(SessionUnknown):
        world.ask(world.alice.release(str(world.alice.tenant.id)), Released)
