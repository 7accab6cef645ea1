"""A program takes a seat, runs, and gives it back."""

import threading
from collections.abc import Callable

import pytest

from coditect_license_sdk import (
    LeaseLost,
    LeaseState,
    LicenseClient,
    LicenseSuspended,
    NoSeatAvailable,
    NotEntitled,
    ServerFault,
    ServerUnreachable,
    VerificationFailed,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, ManualClock

MakeClient = Callable[..., LicenseClient]


def test_a_seat_is_held_inside_the_block_and_free_after_it(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    with client.acquire() as lease:
        assert lease.is_valid()
        assert lease.state.value == "held"
        assert lease.remaining_seconds() == 360.0
        assert server.session_ids == [lease.session_id]

    assert server.seats_in_use == 0
    assert lease.state is LeaseState.RELEASED
    assert not lease.is_valid()
    assert lease.remaining_seconds() == 0.0


def test_a_lease_tells_what_was_bought(client: LicenseClient) -> None:
    with client.acquire() as lease:
        assert lease.tier == "pro"
        assert lease.entitlements == {"export"}
        assert lease.license_expires_at.isoformat() == "2028-01-15T08:00:00+00:00"
        assert lease.lease_expires_at.isoformat() == "2027-01-15T08:06:00+00:00"
        assert (lease.seats_in_use, lease.seats_total) == (1, 2)
        lease.require("export")
        with pytest.raises(NotEntitled):
            lease.require("time-travel")

    with pytest.raises(LeaseLost, match="released"):
        lease.require()


def test_only_the_license_token_is_asked_for_so_a_kms_outage_goes_unnoticed(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    server.kms_down = True

    with client.acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].body["proofs"] == ["license_token"]


def test_two_programs_of_one_device_share_a_seat_until_the_last_one_leaves(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    first, second = make_client().acquire(), make_client().acquire()

    assert first.session_id == second.session_id
    assert server.seats_in_use == 1
    first.release()
    assert server.seats_in_use == 1
    second.release()
    assert server.seats_in_use == 0


def test_a_full_license_is_told_with_its_numbers(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    server.seats = 1
    with make_client(hardware_id="device-1").acquire(), pytest.raises(NoSeatAvailable) as caught:
        make_client(hardware_id="device-2").acquire()

    assert (caught.value.seats_total, caught.value.seats_in_use) == (1, 1)


def test_waiting_for_a_seat_ends_when_one_is_free(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.seats = 1
    first = make_client(hardware_id="device-1").acquire(keep=False)
    got: list[str] = []

    def wait_for_seat() -> None:
        got.append(make_client(hardware_id="device-2").acquire(wait_seconds=60, keep=False).tier)

    waiting = threading.Thread(target=wait_for_seat)
    waiting.start()
    clock.settle()
    first.release()
    clock.advance(40)
    waiting.join(30)

    assert got == ["pro"]


def test_waiting_for_a_seat_gives_up_in_time(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.seats = 0
    raised: list[BaseException] = []

    def wait_for_seat() -> None:
        try:
            make_client().acquire(wait_seconds=20)
        except NoSeatAvailable as error:
            raised.append(error)

    waiting = threading.Thread(target=wait_for_seat)
    waiting.start()
    clock.settle()
    clock.advance(20)
    waiting.join(30)

    assert len(raised) == 1
    assert server.count(Deed.ACQUIRE) == 2  # at once, and a last time at the end


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[1]", b"{}", b'{"license_token": 3, "delegation": []}', b"[" * 50_000],
)
def test_no_answer_crashes_the_client(
    client: LicenseClient, server: FakeLicenseServer, body: bytes
) -> None:
    server.answer_next(201, body)

    with pytest.raises((ServerFault, VerificationFailed)):
        client.acquire()


def test_an_answer_without_end_is_cut_off(client: LicenseClient, server: FakeLicenseServer) -> None:
    server.answer_next(201, b"x" * 300_000)

    with pytest.raises(ServerFault, match="more than"):
        client.acquire()


def test_a_refused_license_is_refused_at_once(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    server.refusal = "license_suspended"

    with pytest.raises(LicenseSuspended):
        client.acquire(wait_seconds=60)


def test_nobody_answers(client: LicenseClient, server: FakeLicenseServer) -> None:
    with server.unreachable(), pytest.raises(ServerUnreachable):
        client.acquire()


def test_a_dropped_answer_is_repaired_by_asking_again(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.drop_next(deed=Deed.ACQUIRE)
    client = make_client()

    with pytest.raises(ServerUnreachable):
        client.acquire()
    with client.acquire():
        assert server.seats_in_use == 1


def test_a_lease_not_kept_has_no_thread_and_outlives_its_program(
    client: LicenseClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    before = threading.active_count()

    lease = client.acquire(keep=False)

    assert threading.active_count() <= before + 1  # the fake's own connection thread
    clock.advance(359)
    assert lease.is_valid()
    clock.advance(1)
    assert lease.state is LeaseState.LOST
    with pytest.raises(LeaseLost, match="lost"):
        lease.require()


def test_a_later_process_can_release_what_an_earlier_one_took(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    lease = make_client(instance_id="job-7").acquire(keep=False)

    make_client(instance_id="job-7").release(lease.session_id)

    assert server.seats_in_use == 0
