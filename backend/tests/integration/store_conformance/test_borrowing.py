"""Loans: a seat is held until the end of a file that was signed for its device (docs/adr/0028)."""

from datetime import timedelta

import pytest
from msgspec import structs

from audit.models import AuditEvent
from foundation.clock import rfc3339
from leasing.errors import (
    BorrowingOff,
    LeaseLost,
    LoanTooLong,
    SeatBorrowed,
    SeatsExhausted,
    SessionUnknown,
)
from leasing.models import LicenseSession
from leasing.store import Caller, Lease, Released
from licenses.errors import LicenseExpired, LicenseSuspended
from tests.support.cast import invite
from tests.support.customer import ROOT_KEY_ID
from tests.support.ledger import contradictions, live_seats
from tests.support.world import World

DAY = 86_400
WEEK = 7 * DAY


@pytest.fixture
def world(world: World) -> World:
    """The world of the other tests, where Alice has one seat and lends it for a week."""
    world.alice.resize(1)
    world.alice.lend(WEEK)
    return world


def hours_later(world: World, hours: float) -> None:
    """Let hours pass in one go; the hold that begins then is over as well."""
    world.be_away(hours * 3_600)
    world.pass_time(200)


def test_s10_a_borrowed_seat_is_counted_until_the_end_of_the_loan(world: World) -> None:
    lease = world.acquire("laptop")

    borrowed = world.borrow(lease, WEEK)

    assert borrowed.lease_expires_at == world.now + timedelta(days=7)
    assert borrowed.session_id == lease.session_id
    hours_later(world, 24 * 7 - 1)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")


def test_s9_a_borrowed_seat_is_free_when_the_loan_has_ended(world: World) -> None:
    lease = world.acquire("laptop")
    world.borrow(lease, DAY)

    hours_later(world, 24)

    assert world.acquire("desktop").is_new
    with pytest.raises(LeaseLost):
        world.heartbeat(lease)


def test_s7_a_heartbeat_never_shortens_a_loan(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    borrowed = world.borrow(lease, DAY)

    for instance in ("editor", ""):
        assert world.heartbeat(lease, instance).lease_expires_at == borrowed.lease_expires_at
    assert world.acquire("laptop").lease_expires_at == borrowed.lease_expires_at


def test_s7_a_second_loan_that_is_shorter_leaves_the_first_as_it_is(world: World) -> None:
    lease = world.acquire("laptop")
    first = world.borrow(lease, DAY)

    second = world.borrow(lease, 3_600)

    assert second.lease_expires_at == first.lease_expires_at
    with pytest.raises(SeatBorrowed) as refused:
        world.force_release(lease)
    assert refused.value.until == first.lease_expires_at


def test_s4_a_device_that_borrowed_comes_back_to_the_same_seat(world: World) -> None:
    lease = world.acquire("laptop")
    world.borrow(lease, DAY)
    hours_later(world, 12)

    again = world.acquire("laptop", "editor")

    assert (again.session_id, again.gen) == (lease.session_id, again.gen)
    assert not again.is_new


def test_s10_a_release_by_the_device_leaves_the_seat_to_the_loan(world: World) -> None:
    lease = world.acquire("laptop")
    world.acquire("laptop", "editor")
    borrowed = world.borrow(lease, DAY)

    world.release(lease)

    assert live_seats(world.alice, world.now) == 1
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")
    with pytest.raises(LeaseLost):  # the programs of the device have let go
        world.heartbeat(lease, "editor")
    assert world.acquire("laptop").lease_expires_at == borrowed.lease_expires_at
    assert contradictions(world.alice) == []


def test_s5_s10_the_last_instance_that_leaves_leaves_the_seat_to_the_loan(world: World) -> None:
    lease = world.acquire("laptop", "editor")
    world.borrow(lease, DAY)

    world.release(lease, "editor")

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")


def test_a_release_after_the_loan_ends_the_session(world: World) -> None:
    lease = world.acquire("laptop")
    world.borrow(lease, 60)
    world.pass_time(61)

    world.release(lease)

    assert world.acquire("desktop").is_new


def test_s10_a_forced_release_of_a_borrowed_seat_must_say_that_it_knows(world: World) -> None:
    lease = world.acquire("laptop")
    borrowed = world.borrow(lease, DAY)

    with pytest.raises(SeatBorrowed):
        world.force_release(lease)
    released = world.break_loan(lease)

    assert released.proofs_expire_at == borrowed.lease_expires_at
    record = AuditEvent.across_tenants.get(action="seat.force_released")
    assert record.details["borrowed_until"] == rfc3339(borrowed.lease_expires_at)
    assert world.acquire("desktop").is_new


def test_s15_a_loan_is_recorded_with_who_lent_it_and_what_signed_it(world: World) -> None:
    lease = world.acquire("laptop")
    admin = Caller("user:admin", str(world.alice.tenant.id))
    until = world.now + timedelta(days=1)

    world.ask(world.alice.borrow(lease.session_id, until, caller=admin), Lease)

    record = AuditEvent.across_tenants.get(action="seat.borrowed")
    assert (str(record.session_id), record.principal) == (lease.session_id, "user:admin")
    assert record.details["key_id"] == ROOT_KEY_ID
    assert record.details["until"] == rfc3339(until)
    assert LicenseSession.across_tenants.get(id=lease.session_id).borrowed_until == until


def test_a_policy_without_an_offline_time_lends_nothing(world: World) -> None:
    world.alice.lend(0)
    lease = world.acquire("laptop")

    with pytest.raises(BorrowingOff):
        world.borrow(lease, 1)

    assert world.heartbeat(lease).lease_expires_at == world.now + timedelta(seconds=360)


def test_a_loan_is_not_longer_than_the_policy_says_at_its_commit(world: World) -> None:
    lease = world.acquire("laptop")
    world.borrow(lease, WEEK)

    world.alice.lend(DAY)

    with pytest.raises(LoanTooLong) as refused:
        world.borrow(lease, DAY + 1)
    assert refused.value.longest_seconds == DAY


def test_s12_lowering_seats_evicts_no_borrower_and_blocks_new_ones(world: World) -> None:
    world.alice.resize(2)
    first, second = world.acquire("laptop"), world.acquire("tablet")
    world.borrow(first, DAY)
    world.borrow(second, DAY)

    world.alice.resize(1)
    hours_later(world, 12)

    assert live_seats(world.alice, world.now) == 2
    assert world.heartbeat(second).lease_expires_at > world.now
    world.break_loan(first)
    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")


def test_a_loan_never_outlives_its_license(world: World) -> None:
    lease = world.acquire("laptop")
    world.alice.move_expiry(world.now + timedelta(hours=1))

    with pytest.raises(LicenseExpired):
        world.borrow(lease, 3_601)

    assert world.borrow(lease, 3_600).lease_expires_at == world.now + timedelta(hours=1)


def test_s10_a_suspended_license_counts_the_seats_it_lent(world: World) -> None:
    lease = world.acquire("laptop")
    borrowed = world.borrow(lease, DAY)
    world.alice.suspend()

    with pytest.raises(LicenseSuspended):
        world.heartbeat(lease)
    with pytest.raises(LicenseSuspended):
        world.borrow(lease, DAY)
    hours_later(world, 12)

    assert live_seats(world.alice, world.now) == 1
    assert world.store.reap(100) == 0
    assert world.inspect(lease).lease_expires_at == borrowed.lease_expires_at


def test_a_seat_that_lapsed_is_not_lent(world: World) -> None:
    lease = world.acquire("laptop")
    world.pass_time(361)

    with pytest.raises(LeaseLost):
        world.borrow(lease, DAY)

    assert world.acquire("desktop").is_new


def test_s11_nobody_borrows_a_seat_of_another_tenant(world: World) -> None:
    cast = invite(world)
    cast.charlie.lend(WEEK)
    lease = world.acquire("laptop")

    with pytest.raises(SessionUnknown):
        world.borrow(lease, DAY, customer=cast.charlie)

    assert LicenseSession.across_tenants.get(id=lease.session_id).borrowed_until is None


def test_s8_a_grant_whose_file_was_never_handed_out_is_given_back_with_its_loan(
    world: World,
) -> None:
    call = world.alice.acquire("laptop", wants_token=False)
    lease = world.ask(call, Lease)
    world.borrow(lease, DAY)

    back = world.alice.release(lease.session_id, unless_joined_since=lease.seq or 0)
    world.ask(back, Released)

    assert world.acquire("desktop").is_new


def test_s10_a_loan_outlives_a_restart_and_a_session_that_a_token_brings_back(
    world: World,
) -> None:
    backup_holder = world.acquire("laptop")
    world.borrow(backup_holder, DAY)
    backup = world.back_up()
    world.break_loan(backup_holder)
    later = world.acquire("laptop")
    world.restore(backup)

    honored = world.come_back(later)

    assert honored.lease_expires_at == later.lease_expires_at  # never renewed past its token
    with pytest.raises(SeatBorrowed):
        world.force_release(backup_holder)


def test_another_process_counts_a_seat_that_this_one_lent(world: World) -> None:
    lease = world.acquire("laptop")
    other = world.another_store()
    outcome = other.apply([world.alice.borrow(lease.session_id, world.now + timedelta(days=1))])
    other.close()
    assert isinstance(outcome[0], Lease)

    hours_later(world, 12)

    with pytest.raises(SeatsExhausted):
        world.acquire("desktop")


def test_a_seat_handed_out_for_a_device_is_not_the_person_s_who_hands_it_out(
    world: World,
) -> None:
    world.alice.resize(3)
    world.alice.cap_persons(1)
    for device in ("laptop", "desktop", "tablet"):
        call = structs.replace(world.alice.acquire(device), for_another=True)
        assert world.ask(call, Lease).is_new
