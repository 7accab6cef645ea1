"""Reinstatement: signed tokens bring back what a restore has lost (docs/adr/0010)."""

from collections import Counter
from datetime import timedelta

import pytest

from leasing.errors import LeaseLost, SeatsExhausted, SessionUnknown
from leasing.models import Seat
from leasing.store import Lease
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.ledger import contradictions, live_seats, seat_records
from tests.support.world import World

HOLD_SECONDS = 144


def lose(world: World, *devices: str) -> list[Lease]:
    """Return the leases of devices that a restore has taken out of the ledger."""
    backup = world.back_up()
    world.pass_time(60)
    leases = [world.acquire(device) for device in devices]
    world.pass_time(1)
    world.restore(backup)
    return leases


def seat_of(lease: Lease) -> Seat:
    return Seat.objects.get(session_id=lease.session_id)


def test_a_lost_session_comes_back_with_its_id_and_is_renewed(world: World) -> None:
    (lease,) = lose(world, "laptop")
    with pytest.raises(SessionUnknown):
        world.heartbeat(lease)

    back = world.come_back(lease)

    assert (back.session_id, back.device) == (lease.session_id, lease.device)
    assert back.lease_expires_at == world.now + timedelta(seconds=360)
    world.pass_time(120)
    assert world.heartbeat(back).lease_expires_at == world.now + timedelta(seconds=360)


def test_s15_a_reinstatement_leaves_seat_session_and_one_record(world: World) -> None:
    (lease,) = lose(world, "laptop")

    world.come_back(lease)
    world.come_back(lease)

    assert live_seats(world.alice, world.now) == 1
    assert contradictions(world.alice) == []
    assert [record.action for record in seat_records(world.alice)] == ["seat.reinstated"]


def test_s6_gens_and_seqs_grow_past_all_that_may_have_been_lost(world: World) -> None:
    backup = world.back_up()
    world.pass_time(60)
    lost = [world.acquire("laptop")]
    for _ in range(5):
        world.release(lost[-1])
        lost.append(world.acquire("laptop"))
    kept = world.heartbeat(lost[-1])
    world.restore(backup)

    newcomer, back = world.acquire("phone"), world.come_back(kept)

    assert newcomer.gen > max(lease.gen for lease in lost)
    assert back.gen >= kept.gen
    assert seat_of(back).gen == back.gen
    assert (back.seq or 0) > (kept.seq or 0)


def test_s6_the_tokens_of_a_session_that_was_kept_count_on_past_the_lost_ones(
    world: World,
) -> None:
    lease = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    last = [world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)] * 3
    world.restore(backup)

    renewed = world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)

    assert (renewed.seq or 0) > max(one.seq or 0 for one in last)


def test_s6_who_comes_back_to_a_seat_that_had_a_later_holder_since_has_a_greater_gen(
    world: World,
) -> None:
    """The restored ledger believes in the first holder; who came after it was lost."""
    world.alice.resize(1)
    first = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(first)
    later = world.acquire("desktop")
    world.restore(backup)

    again = world.acquire("laptop")

    assert again.session_id == first.session_id
    assert again.gen == seat_of(again).gen > later.gen


def test_s1_the_seats_of_those_who_came_back_are_given_to_nobody_else(world: World) -> None:
    leases = lose(world, "laptop", "desktop", "tablet")

    for lease in leases:
        world.come_back(lease)

    with pytest.raises(SeatsExhausted):
        world.acquire("phone")
    assert live_seats(world.alice, world.now) == 3


def test_s4_who_came_back_finds_its_seat_by_acquiring(world: World) -> None:
    (lease,) = lose(world, "laptop")
    back = world.come_back(lease)

    again = world.acquire("laptop")

    assert (again.session_id, again.gen, again.in_use) == (lease.session_id, back.gen, 1)


def test_s8_a_release_frees_a_seat_that_came_back(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")

    world.release(world.come_back(lease))

    assert world.acquire("desktop").is_new
    assert contradictions(world.alice) == []


def test_s5_programs_that_share_a_lost_seat_come_back_one_after_the_other(world: World) -> None:
    backup = world.back_up()
    world.pass_time(60)
    editor = world.acquire("laptop", "editor")
    renderer = world.acquire("laptop", "renderer")
    world.pass_time(1)
    world.restore(backup)
    world.come_back(editor, "editor")
    with pytest.raises(SessionUnknown):
        world.heartbeat(renderer, "renderer")

    back = world.come_back(renderer, "renderer")

    assert back.session_id == editor.session_id
    assert world.inspect(back).instances == ("editor", "renderer")


def test_s2_s5_a_program_that_joined_a_session_after_the_backup_comes_back_to_it(
    world: World,
) -> None:
    editor = world.acquire("laptop", "editor")
    backup = world.back_up()
    world.pass_time(60)
    renderer = world.acquire("laptop", "renderer")
    world.pass_time(1)
    world.restore(backup)
    with pytest.raises(SessionUnknown):
        world.heartbeat(renderer, "renderer")

    back = world.come_back(renderer, "renderer")

    assert back.session_id == editor.session_id
    assert world.inspect(back).instances == ("editor", "renderer")


def test_s5_one_program_that_came_back_and_leaves_does_not_take_the_seat_from_another(
    world: World,
) -> None:
    backup = world.back_up()
    world.pass_time(60)
    editor = world.acquire("laptop", "editor")
    renderer = world.acquire("laptop", "renderer")
    world.pass_time(1)
    world.restore(backup)

    world.release(world.come_back(editor, "editor"), "editor")

    assert world.come_back(renderer, "renderer").session_id == renderer.session_id


def test_a_program_that_released_its_share_since_does_not_come_back_to_it(world: World) -> None:
    (lease,) = lose(world, "laptop")
    world.come_back(lease, "editor")
    world.pass_time(10)
    later = world.heartbeat(lease, "editor")
    world.acquire("laptop", "renderer")
    world.release(lease, "editor")

    with pytest.raises(SessionUnknown):
        world.come_back(later, "editor")


def test_a_token_of_a_session_that_is_there_renews_it_like_any_heartbeat(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(60)

    back = world.come_back(lease)

    assert (back.session_id, back.gen) == (lease.session_id, 1)
    assert [record.action for record in seat_records(world.alice)] == ["seat.granted"]


@pytest.mark.parametrize("reason", ["released", "expired", "taken_over"])
def test_a_session_that_is_known_to_be_over_does_not_come_back(world: World, reason: str) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    if reason == "released":
        world.release(lease)
    else:
        world.pass_time(400)
        world.store.reap(10) if reason == "expired" else world.acquire("desktop")

    with pytest.raises(LeaseLost, match=reason):
        world.come_back(lease)


def test_a_released_session_whose_record_was_lost_comes_back_until_its_token_ends(
    world: World,
) -> None:
    """The stated bound of every recovery by tokens: nobody is left to know of the release."""
    backup = world.back_up()
    world.pass_time(60)
    lease = world.acquire("laptop")
    world.release(lease)
    world.restore(backup)

    assert world.come_back(lease).session_id == lease.session_id

    world.restore(backup)
    world.pass_time(360)
    with pytest.raises(SessionUnknown):
        world.come_back(lease)


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        (Customer.suspend, LicenseSuspended),
        (Customer.revoke, LicenseRevoked),
        (lambda alice: alice.move_expiry(alice.license.created_at), LicenseExpired),
    ],
)
def test_s12_a_license_without_force_brings_nobody_back(
    world: World, deed: object, refusal: type[Exception]
) -> None:
    (lease,) = lose(world, "laptop")
    assert callable(deed)
    deed(world.alice)

    with pytest.raises(refusal):
        world.come_back(lease)

    assert live_seats(world.alice, world.now) == 0
    assert seat_records(world.alice) == []


@pytest.mark.parametrize("gone", ["its end has come", "it is of tomorrow"])
def test_s13_whether_a_token_runs_is_told_by_the_ledgers_clock(world: World, gone: str) -> None:
    (lease,) = lose(world, "laptop")
    if gone == "its end has come":
        world.pass_time(360)
    else:
        world.clock.advance(-3_600)

    with pytest.raises(SessionUnknown):
        world.come_back(lease)


def test_s1_a_token_without_a_free_seat_is_honored_to_its_end_and_not_beyond(
    world: World,
) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")

    honored = world.come_back(lease)
    world.pass_time(300)
    later = world.heartbeat(lease)
    world.pass_time(58)
    last = world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)
    world.pass_time(1)

    assert {one.lease_expires_at for one in (honored, later, last)} == {lease.lease_expires_at}
    assert (last.seq or 0) > (honored.seq or 0) > 1
    with pytest.raises(LeaseLost, match="taken_over"):
        world.heartbeat(lease)
    with pytest.raises(LeaseLost, match="taken_over"):
        world.come_back(lease)


def test_s15_an_honored_token_has_one_record_and_no_seat(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    winner = world.acquire("desktop")

    for _ in range(3):
        world.come_back(lease)

    actions = Counter(record.action for record in seat_records(world.alice))
    assert actions == {"seat.granted": 1, "lease.honored": 1}
    assert str(Seat.objects.get(session_id__isnull=False).session_id) == winner.session_id
    assert contradictions(world.alice) == []


def test_the_state_of_an_honored_session_is_active_until_its_token_ends(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")
    world.come_back(lease)

    during = world.inspect(lease)
    world.pass_time(360)
    after = world.inspect(lease)

    assert (during.ended_at, during.lease_expires_at) == (None, lease.lease_expires_at)
    assert (after.ended_at, after.end_reason) == (lease.lease_expires_at, "taken_over")


def test_an_honored_session_that_is_released_is_over(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")
    world.come_back(lease)

    world.release(lease)
    world.release(lease)

    with pytest.raises(LeaseLost, match="released"):
        world.heartbeat(lease)
    with pytest.raises(LeaseLost, match="released"):
        world.come_back(lease)
    assert contradictions(world.alice) == []


def test_s12_an_honored_token_gives_no_right_under_a_revoked_license(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")
    world.come_back(lease)
    world.alice.revoke()

    with pytest.raises(LicenseRevoked):
        world.heartbeat(lease)


def test_an_honored_device_gets_a_free_seat_by_acquiring(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    winner = world.acquire("desktop")
    world.come_back(lease)
    world.release(winner)

    taken = world.acquire("laptop")

    assert taken.is_new
    assert live_seats(world.alice, world.now) == 1


def test_another_program_of_an_honored_device_has_its_own_tokens_end(world: World) -> None:
    world.alice.resize(1)
    backup = world.back_up()
    world.pass_time(60)
    editor = world.acquire("laptop", "editor")
    world.pass_time(30)
    renderer = world.acquire("laptop", "renderer")
    world.restore(backup)
    world.acquire("desktop")

    world.come_back(editor, "editor")
    later = world.come_back(renderer, "renderer")

    assert later.lease_expires_at == renderer.lease_expires_at > editor.lease_expires_at


def test_s4_a_device_that_took_a_seat_anew_keeps_that_and_honors_its_older_token(
    world: World,
) -> None:
    (lease,) = lose(world, "laptop")
    anew = world.acquire("laptop")

    honored = world.come_back(lease)

    assert honored.lease_expires_at == lease.lease_expires_at
    assert world.heartbeat(anew).session_id == anew.session_id
    assert live_seats(world.alice, world.now) == 1


def test_s4_a_token_that_is_newer_than_its_devices_seat_takes_its_place(world: World) -> None:
    """The restored ledger still has the session that its device had before that of the token."""
    before = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(before)
    lease = world.acquire("laptop")
    world.restore(backup)

    back = world.come_back(lease)

    assert (back.session_id, seat_of(back).slot) == (lease.session_id, 0)
    assert live_seats(world.alice, world.now) == 1
    with pytest.raises(LeaseLost, match="taken_over"):
        world.heartbeat(before)
    assert contradictions(world.alice) == []


def test_s2_a_token_takes_no_seat_from_who_waits_for_the_hold(world: World) -> None:
    """Who was live at the backup may come back; who came later and finds no room is honored."""
    world.alice.resize(1)
    before = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(before)
    later = world.acquire("desktop")
    world.restore(backup)

    honored = world.come_back(later)

    assert honored.lease_expires_at == later.lease_expires_at
    assert world.heartbeat(before).session_id == before.session_id


def test_s11_a_token_of_another_tenant_brings_nothing_back(world: World) -> None:
    cast = invite(world)
    (lease,) = lose(world, "laptop")

    for caller in (cast.bob.user, cast.charlie.user, cast.bob.key_holder):
        with pytest.raises(SessionUnknown):
            world.ask(world.alice.come_back(lease, caller=caller), Lease)

    assert live_seats(world.alice, world.now) == live_seats(cast.bob, world.now) == 0


def test_s11_the_key_of_another_license_of_the_tenant_brings_nothing_back(world: World) -> None:
    other = Customer("alice-too", seats=2, key_auth=True, tenant=world.alice.tenant)
    (lease,) = lose(world, "laptop")

    with pytest.raises(SessionUnknown):
        world.ask(world.alice.come_back(lease, caller=other.key_holder), Lease)


@pytest.mark.parametrize("claim", ["tenant_id", "license_id", "audience"])
def test_s11_every_claim_must_be_the_licenses_own(world: World, claim: str) -> None:
    bob = invite(world).bob
    (lease,) = lose(world, "laptop")
    others = {
        "tenant_id": str(bob.tenant.id),
        "license_id": str(bob.license.id),
        "audience": "bob-studio",
    }

    with pytest.raises(SessionUnknown):
        world.come_back(lease, **{claim: others[claim]})

    assert live_seats(world.alice, world.now) == live_seats(bob, world.now) == 0


def test_a_token_of_another_device_does_not_renew_a_session_that_is_there(world: World) -> None:
    lease = world.acquire("laptop")
    other = world.acquire("desktop")

    with pytest.raises(SessionUnknown):
        world.come_back(lease, device=other.device)


def test_two_stores_bring_one_session_back_once(world: World) -> None:
    (lease,) = lose(world, "laptop")
    other = world.another_store()

    outcomes = [world.come_back(lease), *other.apply([world.alice.come_back(lease)])]
    other.close()

    assert all(isinstance(one, Lease) for one in outcomes)
    assert live_seats(world.alice, world.now) == 1
    assert contradictions(world.alice) == []
