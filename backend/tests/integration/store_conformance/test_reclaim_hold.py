"""The reclaim hold: what the ledger's own absence costs its holders, which is nothing (S2)."""

from datetime import timedelta

import pytest

from leasing.errors import LeaseLost, SeatsExhausted
from tests.support.ledger import live_seats
from tests.support.world import World

HOLD_SECONDS = 144
"""1.2 heartbeat intervals of 120 s."""


def test_s2_a_holder_renews_after_the_ledger_was_away_longer_than_its_lease(world: World) -> None:
    lease = world.acquire("laptop")

    world.be_away(1_000)

    assert world.heartbeat(lease).lease_expires_at == world.now + timedelta(seconds=360)
    assert world.inspect(lease).ended_at is None


def test_s2_a_holder_comes_back_by_acquiring_too(world: World) -> None:
    lease = world.acquire("laptop")

    world.be_away(1_000)
    again = world.acquire("laptop")

    assert (again.session_id, again.is_new, again.in_use) == (lease.session_id, False, 1)


def test_s2_others_wait_for_the_hold_before_they_get_a_lapsed_seat(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.be_away(1_000)

    with pytest.raises(SeatsExhausted) as denied:
        world.acquire("desktop")
    world.pass_time(HOLD_SECONDS - 1)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    world.pass_time(1)

    assert 1 <= denied.value.retry_after_seconds <= HOLD_SECONDS + 1
    assert world.acquire("desktop").gen > lease.gen


def test_s2_released_and_new_seats_are_free_during_a_hold(world: World) -> None:
    world.acquire("laptop")
    world.release(world.acquire("desktop"))

    world.be_away(1_000)

    assert world.acquire("tablet").in_use == 2
    assert world.acquire("phone").in_use == 3


def test_s2_a_restart_does_not_end_the_hold(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.be_away(1_000)

    world.restart()

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s2_the_reaper_spares_held_seats(world: World) -> None:
    lease = world.acquire("laptop")
    world.be_away(1_000)

    assert world.store.reap(10) == 0

    assert world.heartbeat(lease).session_id == lease.session_id


def test_s2_s5_during_a_hold_one_instances_release_keeps_the_seat_for_the_others(
    world: World,
) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")
    world.be_away(1_000)

    world.release(lease, "editor")

    assert world.heartbeat(lease, "renderer").session_id == lease.session_id


def test_s2_during_a_hold_a_seat_that_one_instance_left_is_still_held(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")
    world.be_away(1_000)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")

    world.release(lease, "editor")

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")


def test_s1_s12_held_seats_above_a_lowered_cap_are_counted(world: World) -> None:
    leases = [world.acquire(device) for device in ("laptop", "desktop", "tablet")]
    world.release(leases[0])
    world.be_away(1_000)
    world.alice.resize(2)

    with pytest.raises(SeatsExhausted):
        world.acquire("phone")

    for lease in leases[1:]:
        world.heartbeat(lease)
    assert live_seats(world.alice, world.now) == 2


def test_after_the_hold_a_lapsed_lease_is_lost(world: World) -> None:
    lease = world.acquire("laptop")
    world.be_away(1_000)
    world.pass_time(HOLD_SECONDS)

    with pytest.raises(LeaseLost):
        world.heartbeat(lease)


def test_a_silence_of_half_a_minute_is_no_absence(world: World) -> None:
    world.alice.resize(1)
    world.acquire("laptop")
    world.pass_time(335)

    world.be_away(25)

    assert world.acquire("desktop").is_new


def test_s13_a_forward_jump_of_the_clock_is_held_like_an_absence(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")

    world.clock.advance(3_600)

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s13_a_backward_jump_of_the_clock_takes_no_seat_from_who_renewed(world: World) -> None:
    world.alice.resize(2)
    lease = world.acquire("laptop")
    world.pass_time(355)
    world.acquire("desktop")
    world.pass_time(6)
    assert world.acquire("desktop").in_use == 1

    world.clock.advance(-3)
    world.heartbeat(lease)

    with pytest.raises(SeatsExhausted):
        world.acquire("tablet")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s3_s13_seats_released_after_a_backward_jump_are_free(world: World) -> None:
    world.alice.resize(1)
    world.release(world.acquire("laptop"))

    world.clock.advance(-3_600)
    world.release(world.acquire("desktop"))

    assert world.acquire("tablet").in_use == 1


def test_s2_s13_absences_are_noticed_also_after_the_clock_went_back(world: World) -> None:
    world.alice.resize(1)
    world.clock.advance(-3_600)
    lease = world.acquire("laptop")
    world.pass_time(330)

    world.be_away(60)

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s3_s13_leases_lapse_as_always_when_the_clock_went_back_behind_a_silence(
    world: World,
) -> None:
    world.alice.resize(1)
    world.pass_time(1_000)
    world.be_away(100)
    world.clock.advance(-900)
    world.acquire("laptop")
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")

    world.pass_time(361)

    assert world.acquire("desktop").in_use == 1


def test_s1_who_lapsed_before_the_ledger_fell_silent_does_not_come_back_beside_others(
    world: World,
) -> None:
    late = [world.acquire(device) for device in ("laptop", "desktop", "tablet")]
    world.pass_time(400)
    world.alice.resize(1)
    world.acquire("phone")

    world.be_away(60)

    for lease in late[1:]:
        with pytest.raises(LeaseLost, match="expired"):
            world.heartbeat(lease)
    assert live_seats(world.alice, world.now) == 1


def test_s3_a_seat_lapsed_before_the_silence_can_be_claimed_during_the_hold(world: World) -> None:
    world.alice.resize(2)
    world.acquire("laptop")
    world.pass_time(300)
    world.acquire("desktop")
    world.pass_time(100)

    world.be_away(1_000)

    assert world.acquire("phone").in_use == 2
    with pytest.raises(SeatsExhausted):
        world.acquire("tablet")
    assert not world.acquire("desktop").is_new


def test_s2_a_second_absence_during_the_hold_costs_nobody_a_seat(world: World) -> None:
    lease = world.acquire("laptop")

    world.be_away(1_000)
    world.pass_time(60)
    world.be_away(1_000)

    assert world.heartbeat(lease).lease_expires_at == world.now + timedelta(seconds=360)


def test_s13_a_hold_does_not_last_longer_because_the_clock_was_set_back(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.be_away(7_200)
    world.clock.advance(-3_600)

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    world.pass_time(HOLD_SECONDS - 1)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    world.pass_time(1)

    assert world.acquire("desktop").gen > lease.gen


def test_s2_s13_who_was_sheltered_stays_so_when_the_clock_is_set_back(world: World) -> None:
    lease = world.acquire("laptop")
    world.be_away(7_200)

    world.be_away(-3_600)

    assert world.heartbeat(lease).lease_expires_at == world.now + timedelta(seconds=360)


def test_s3_s13_after_a_stamp_of_tomorrow_seats_lapse_as_ever(world: World) -> None:
    """The clock ran an hour ahead when the ledger was last alive; then it was set right."""
    world.alice.resize(1)
    world.store.tick()
    world.clock.advance(-3_600)
    world.restart()
    world.acquire("laptop")

    world.pass_time(360)

    assert world.acquire("desktop").is_new


def test_s2_a_hold_that_an_operator_begins_is_kept_by_running_servers(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.pass_time(358)
    world.hold_reclaims()
    world.pass_time(4)

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s2_a_hold_begins_also_where_how_full_a_license_is_is_known_by_heart(
    world: World,
) -> None:
    world.alice.resize(2)
    lease = world.acquire("laptop")
    world.pass_time(359)
    world.acquire("desktop")
    world.clock.advance(2)
    assert world.acquire("desktop").in_use == 1

    world.hold_reclaims()

    assert world.acquire("desktop").in_use == 2
    with pytest.raises(SeatsExhausted):
        world.acquire("tablet")
    assert world.heartbeat(lease).session_id == lease.session_id


def test_s6_holders_of_a_hold_and_after_have_gens_that_no_lost_one_had(world: World) -> None:
    lease = world.acquire("laptop")
    world.hold_reclaims()

    world.release(lease)

    assert world.acquire("desktop").gen >= int(world.now.timestamp() * 1_000)
