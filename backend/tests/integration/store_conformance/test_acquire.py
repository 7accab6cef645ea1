"""Acquire: a seat of one's own, once, and never one too many."""

from datetime import timedelta

import pytest

from coditect_license_token import hardware_binding
from identity.errors import InvalidCredential, MissingCredential
from leasing.errors import LicenseUnknown, SeatsExhausted, TooManyInstances
from leasing.store import Lease
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from tenants.current import tenant_transaction
from tests.support.cast import invite
from tests.support.customer import HASHER, Customer
from tests.support.ledger import denials, live_seats
from tests.support.world import World

MOST_INSTANCES = 1_000


def test_a_first_acquire_grants_a_seat_for_one_ttl(world: World) -> None:
    lease = world.acquire("laptop")

    assert lease.is_new
    assert (lease.gen, lease.seq, lease.in_use) == (1, 1, 1)
    assert lease.now == world.now
    assert lease.lease_expires_at == world.now + timedelta(seconds=360)


def test_a_lease_names_its_license_and_never_the_hardware(world: World) -> None:
    lease = world.acquire("laptop")

    license_id = str(world.alice.license.id)
    assert lease.terms.license_id == license_id
    assert lease.terms.tenant_id == str(world.alice.tenant.id)
    assert (lease.terms.audience, lease.terms.tier, lease.terms.seats) == ("alice-studio", "pro", 3)
    assert lease.device == hardware_binding(license_id, "laptop")


def test_s4_acquiring_again_returns_the_same_seat(world: World) -> None:
    first = world.acquire("laptop")
    world.pass_time(100)

    again = [world.acquire("laptop") for _ in range(5)]

    assert {lease.session_id for lease in again} == {first.session_id}
    assert not any(lease.is_new for lease in again)
    assert [lease.seq for lease in again] == [2, 3, 4, 5, 6]
    assert again[-1].in_use == 1
    assert again[-1].lease_expires_at == world.now + timedelta(seconds=360)


def test_s4_a_device_racing_itself_gets_one_seat(world: World) -> None:
    call = world.alice.acquire("laptop")

    outcomes = world.apply(call, call, call, call)

    leases = [outcome for outcome in outcomes if isinstance(outcome, Lease)]
    assert len({lease.session_id for lease in leases}) == 1
    assert [lease.is_new for lease in leases] == [True, False, False, False]
    assert live_seats(world.alice, world.now) == 1


def test_s4_a_device_that_crashed_and_lapsed_gets_its_own_seat_back(world: World) -> None:
    world.acquire("desktop")
    before = world.acquire("laptop")
    world.pass_time(360)

    after = world.acquire("laptop")

    assert after.is_new
    assert after.session_id != before.session_id
    assert after.gen == before.gen + 1


def test_s4_instances_of_one_device_share_its_seat(world: World) -> None:
    unnamed = world.acquire("laptop")

    editor = world.acquire("laptop", "editor")
    renderer = world.acquire("laptop", "renderer")

    assert unnamed.session_id == editor.session_id == renderer.session_id
    assert renderer.in_use == 1
    assert world.inspect(renderer).instances == ("editor", "renderer")


def test_s1_a_batch_larger_than_the_license_grants_every_seat_and_no_more(world: World) -> None:
    outcomes = world.apply(*[world.alice.acquire(f"device-{n}") for n in range(50)])

    granted = [outcome for outcome in outcomes if isinstance(outcome, Lease)]
    denied = [outcome for outcome in outcomes if isinstance(outcome, SeatsExhausted)]
    assert [lease.in_use for lease in granted] == [1, 2, 3]
    assert len(denied) == 47
    assert live_seats(world.alice, world.now) == 3


def test_s3_a_denial_says_how_many_seats_are_held_and_when_one_may_come_free(world: World) -> None:
    for device in ("laptop", "desktop", "tablet"):
        world.acquire(device)
    world.pass_time(355)

    with pytest.raises(SeatsExhausted) as denied:
        world.acquire("phone")

    assert (denied.value.total, denied.value.in_use) == (3, 3)
    assert 1 <= denied.value.retry_after_seconds <= 6
    assert denials(world.alice) == {"seats_exhausted": 1}


def test_s3_a_seat_given_back_is_granted_at_once(world: World) -> None:
    leases = [world.acquire(device) for device in ("laptop", "desktop", "tablet")]
    with pytest.raises(SeatsExhausted):
        world.acquire("phone")

    world.release(leases[1])

    assert world.acquire("phone").in_use == 3


def test_s1_stated_overdraft_seats_are_granted_too(world: World) -> None:
    world.alice.license.overdraft_seats = 1
    with tenant_transaction(world.alice.tenant.id):
        world.alice.license.save(update_fields=["overdraft_seats"])

    leases = [world.acquire(f"device-{n}") for n in range(4)]

    assert leases[-1].in_use == 4
    with pytest.raises(SeatsExhausted):
        world.acquire("one more")


def test_a_license_of_no_seats_denies(world: World) -> None:
    world.alice.resize(0)

    with pytest.raises(SeatsExhausted):
        world.acquire("laptop")


@pytest.mark.parametrize(
    ("deed", "refusal", "reason"),
    [
        (Customer.suspend, LicenseSuspended, "license_suspended"),
        (Customer.revoke, LicenseRevoked, "license_revoked"),
        (
            lambda alice: alice.move_expiry(alice.license.created_at),
            LicenseExpired,
            "license_expired",
        ),
    ],
)
def test_a_license_without_force_grants_nothing(
    world: World, deed: object, refusal: type[Exception], reason: str
) -> None:
    assert callable(deed)
    deed(world.alice)

    with pytest.raises(refusal):
        world.acquire("laptop")

    assert live_seats(world.alice, world.now) == 0
    assert denials(world.alice) == {reason: 1}


def test_a_reinstated_license_grants_again(world: World) -> None:
    world.alice.suspend()
    world.alice.reinstate()

    assert world.acquire("laptop").is_new


def test_s7_a_lease_never_outlives_its_license(world: World) -> None:
    end = world.now + timedelta(seconds=100)
    world.alice.move_expiry(end)

    assert world.acquire("laptop").lease_expires_at == end


def test_a_key_of_no_license_is_unknown(world: World) -> None:
    world.alice.key = "CDT1-nothing"

    with pytest.raises(LicenseUnknown):
        world.acquire("laptop")


def test_a_key_is_found_under_an_older_pepper(world: World) -> None:
    (hmac,) = HASHER.candidates(world.alice.key)
    call = world.alice.acquire("laptop")
    under_two_peppers = type(call)(call.caller, ("0" * 64, hmac), "laptop")

    assert world.ask(under_two_peppers, Lease).is_new


def test_s11_another_tenants_key_is_unknown(world: World) -> None:
    cast = invite(world)

    with pytest.raises(LicenseUnknown):
        world.ask(cast.alice.acquire("laptop", caller=cast.charlie.user), Lease)


def test_a_key_stands_for_a_login_only_where_the_license_says_so(world: World) -> None:
    cast = invite(world)

    lease = world.ask(cast.bob.acquire("laptop", caller=cast.bob.key_holder), Lease)

    assert lease.terms.tenant_id == str(cast.bob.tenant.id)
    with pytest.raises(MissingCredential):
        world.ask(cast.charlie.acquire("laptop", caller=cast.charlie.key_holder), Lease)


def test_a_rotated_key_opens_nothing(world: World) -> None:
    cast = invite(world)
    old_key_holder = cast.bob.key_holder
    cast.bob.rotate_key()

    with pytest.raises(InvalidCredential):
        world.ask(cast.bob.acquire("laptop", caller=old_key_holder), Lease)
    assert world.ask(cast.bob.acquire("laptop", caller=cast.bob.key_holder), Lease).is_new


def test_a_caller_that_needs_no_token_counts_none(world: World) -> None:
    lease = world.ask(world.alice.acquire("laptop", wants_token=False), Lease)

    assert lease.seq is None
    assert world.acquire("laptop").seq == 1


def test_s17_a_device_keeps_a_bounded_number_of_instances_apart(world: World) -> None:
    fill_with_instances(world, "laptop")

    with pytest.raises(TooManyInstances):
        world.acquire("laptop", "one-more")

    assert world.acquire("laptop").in_use == 1
    assert world.acquire("desktop").in_use == 2


def test_s4_a_known_instance_comes_back_also_when_there_is_no_room_for_others(
    world: World,
) -> None:
    lease = fill_with_instances(world, "laptop")

    assert world.acquire("laptop", "instance-7").session_id == lease.session_id


def test_s17_instances_that_lapsed_make_room(world: World) -> None:
    lease = fill_with_instances(world, "laptop")
    world.pass_time(300)
    world.heartbeat(lease, "instance-7")
    world.pass_time(100)

    assert world.acquire("laptop", "one-more").session_id == lease.session_id
    assert world.inspect(lease).instances == ("instance-7", "one-more")


def fill_with_instances(world: World, device: str) -> Lease:
    calls = [world.alice.acquire(device, f"instance-{n}") for n in range(MOST_INSTANCES)]
    lease = world.apply(*calls)[-1]
    assert isinstance(lease, Lease)
    return lease


def test_a_seat_that_changes_hands_counts_tokens_for_its_new_holder(world: World) -> None:
    world.alice.resize(1)
    former = world.acquire("laptop")
    world.acquire("laptop")
    world.release(former)

    lease = world.acquire("desktop")

    assert (lease.is_new, lease.seq) == (True, 1)
    assert world.heartbeat(lease).seq is None
    assert world.acquire("desktop").seq == 2


def test_s5_a_seat_that_changes_hands_is_shared_with_the_programs_of_its_new_holder(
    world: World,
) -> None:
    world.alice.resize(1)
    world.release(world.acquire("laptop"))

    lease = world.acquire("desktop", "editor")

    assert world.heartbeat(lease, "editor").session_id == lease.session_id
    assert world.inspect(lease).instances == ("editor",)
