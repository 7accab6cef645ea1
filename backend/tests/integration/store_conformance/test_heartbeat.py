"""Heartbeats: a lease moves on while its holder lives, and ends when it does not."""

from datetime import timedelta

import pytest

from leasing.errors import LeaseLost, SessionUnknown
from leasing.store import Heartbeat, Lease
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from tenants.current import tenant_transaction
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.ledger import live_seats
from tests.support.world import World

A_MOMENT = 0.000_001


def test_a_heartbeat_moves_the_lease_one_ttl_on(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(120)

    renewed = world.heartbeat(lease)

    assert renewed.lease_expires_at == world.now + timedelta(seconds=360)
    assert (renewed.session_id, renewed.gen, renewed.is_new) == (lease.session_id, 1, False)


def test_s2_a_holder_that_beats_until_the_last_moment_keeps_its_seat(world: World) -> None:
    lease = world.acquire("laptop")

    for _ in range(3):
        world.pass_time(360 - A_MOMENT)
        lease = world.heartbeat(lease)

    assert lease.gen == 1


def test_s2_a_heartbeat_goes_by_the_lease_that_an_acquire_moved_since_the_last_one(
    world: World,
) -> None:
    lease = world.heartbeat(world.acquire("laptop"))
    world.pass_time(300)
    world.ask(world.alice.acquire("laptop", wants_token=False), Lease)
    world.pass_time(300)

    renewed = world.heartbeat(lease)

    assert renewed.lease_expires_at == world.now + timedelta(seconds=360)


def test_a_token_is_due_by_the_one_that_an_acquire_signed_since_the_last_heartbeat(
    world: World,
) -> None:
    lease = world.heartbeat(world.acquire("laptop"))
    world.pass_time(179)
    world.acquire("laptop")
    world.pass_time(2)

    assert world.heartbeat(lease).seq is None


def test_a_heartbeat_at_the_end_of_the_lease_is_too_late(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(360)

    with pytest.raises(LeaseLost) as lost:
        world.heartbeat(lease)

    assert lost.value.reason == "expired"


def test_a_holder_learns_that_it_released(world: World) -> None:
    lease = world.acquire("laptop")
    world.release(lease)

    with pytest.raises(LeaseLost) as lost:
        world.heartbeat(lease)

    assert lost.value.reason == "released"


def test_a_holder_learns_that_its_lapsed_seat_was_taken_over(world: World) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    world.pass_time(360)
    world.acquire("desktop")

    with pytest.raises(LeaseLost) as lost:
        world.heartbeat(lease)

    assert lost.value.reason == "taken_over"


def test_a_session_that_never_was_is_unknown(world: World) -> None:
    with pytest.raises(SessionUnknown):
        world.ask(world.alice.heartbeat(str(world.alice.tenant.id)), Lease)


def test_s11_another_tenants_session_is_unknown(world: World) -> None:
    cast = invite(world)
    lease = world.acquire("laptop")
    ended = world.acquire("desktop")
    world.release(ended)

    for session in (lease, ended):
        for caller in (cast.charlie.user, cast.bob.key_holder):
            with pytest.raises(SessionUnknown):
                world.ask(cast.alice.heartbeat(session.session_id, caller=caller), Lease)


def test_whoever_holds_the_key_of_its_license_renews_a_session(world: World) -> None:
    bob = invite(world).bob
    lease = world.acquire("laptop", customer=bob)

    renewed = world.ask(bob.heartbeat(lease.session_id, caller=bob.key_holder), Lease)

    assert renewed.session_id == lease.session_id


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        (Customer.suspend, LicenseSuspended),
        (Customer.revoke, LicenseRevoked),
        (lambda alice: alice.move_expiry(alice.license.created_at), LicenseExpired),
    ],
)
def test_s12_a_license_without_force_renews_nothing_and_lets_leases_run_to_their_end(
    world: World, deed: object, refusal: type[Exception]
) -> None:
    lease = world.acquire("laptop")
    world.pass_time(60)
    assert callable(deed)
    deed(world.alice)

    with pytest.raises(refusal):
        world.heartbeat(lease)

    state = world.inspect(lease)
    assert state.ended_at is None
    assert state.lease_expires_at == lease.lease_expires_at
    world.pass_time(300)
    assert live_seats(world.alice, world.now) == 0


def test_s7_a_renewal_never_shortens(world: World) -> None:
    lease = world.acquire("laptop")
    world.alice.move_expiry(world.now + timedelta(seconds=100))

    assert world.heartbeat(lease).lease_expires_at == lease.lease_expires_at
    assert world.acquire("laptop").lease_expires_at == lease.lease_expires_at


def test_s7_a_renewal_never_shortens_when_the_policy_does(world: World) -> None:
    lease = world.acquire("laptop")
    world.alice.license.ttl_seconds = 60
    world.alice.license.heartbeat_interval_seconds = 20
    with tenant_transaction(world.alice.tenant.id):
        world.alice.license.save()

    assert world.heartbeat(lease).lease_expires_at == lease.lease_expires_at


def test_s10_the_ledger_keeps_every_end_it_tells(world: World) -> None:
    told = world.acquire("laptop", "editor")
    assert world.inspect(told).lease_expires_at == told.lease_expires_at

    for _ in range(3):
        world.pass_time(70)
        told = world.heartbeat(told, "editor")
        assert world.inspect(told).lease_expires_at == told.lease_expires_at


def test_a_token_is_due_when_the_last_one_is_past_half_its_life(world: World) -> None:
    lease = world.acquire("laptop")

    world.pass_time(179)
    assert world.heartbeat(lease).seq is None
    world.pass_time(1)
    assert world.heartbeat(lease).seq == 2
    assert world.heartbeat(lease).seq is None


def test_a_caller_that_asks_for_a_token_gets_one(world: World) -> None:
    lease = world.acquire("laptop")

    renewed = world.ask(Heartbeat(world.alice.user, lease.session_id, wants_token=True), Lease)

    assert renewed.seq == 2


@pytest.mark.parametrize("instance", ["", "editor"])
def test_a_token_given_to_one_of_two_heartbeats_in_a_batch_is_remembered(
    world: World, instance: str
) -> None:
    lease = world.acquire("laptop", instance)
    world.pass_time(100)

    world.apply(
        Heartbeat(world.alice.user, lease.session_id, instance, wants_token=True),
        world.alice.heartbeat(lease.session_id, instance),
    )
    world.pass_time(100)

    assert world.heartbeat(lease, instance).seq is None


def test_no_two_tokens_of_a_session_have_the_same_number(world: World) -> None:
    lease = world.acquire("laptop")
    world.acquire("laptop", "editor")
    world.pass_time(200)

    unnamed, editor = world.apply(
        world.alice.heartbeat(lease.session_id),
        world.alice.heartbeat(lease.session_id, "editor"),
    )
    later = world.acquire("laptop")

    assert isinstance(unnamed, Lease)
    assert isinstance(editor, Lease)
    assert [unnamed.seq, editor.seq, later.seq] == [3, 4, 5]


def test_s5_a_heartbeat_of_one_instance_renews_its_own_share(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")
    world.pass_time(300)
    world.heartbeat(lease, "renderer")
    world.pass_time(60)

    assert world.inspect(lease).instances == ("renderer",)


def test_s5_a_heartbeat_without_an_instance_renews_the_whole_session(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.acquire("laptop", "renderer")
    world.pass_time(300)
    world.heartbeat(lease)
    world.pass_time(60)

    assert world.inspect(lease).instances == ("editor", "renderer")


def test_an_instance_that_is_not_there_has_lost_its_share(world: World) -> None:
    lease = world.acquire("laptop")

    with pytest.raises(LeaseLost) as lost:
        world.heartbeat(lease, "stranger")

    assert lost.value.reason == "released"
    assert world.heartbeat(lease).gen == 1


def test_a_lapsed_session_is_lost_to_all_its_heartbeats_in_one_batch(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(360)
    call = world.alice.heartbeat(lease.session_id)

    outcomes = world.apply(call, call)

    assert [type(outcome) for outcome in outcomes] == [LeaseLost, LeaseLost]
