"""A lease is kept in the background, through everything a server can do."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from coditect_license_sdk import (
    Lease,
    LeaseLost,
    LeaseState,
    LicenseClient,
    LicenseSuspended,
    ServerBusy,
    VerificationFailed,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, Forgery, ManualClock

Callbacks = dict[str, Callable[[Lease], None]]


@pytest.fixture
def kept(client: LicenseClient, callbacks: Callbacks, clock: ManualClock) -> Lease:
    lease = client.acquire(**callbacks)  # type: ignore[arg-type]
    clock.settle()
    return lease


def let_pass(clock: ManualClock, seconds: int) -> None:
    """Let time pass in steps, giving the keeper its turn at each."""
    for _ in range(seconds // 5):
        clock.advance(5)
        clock.settle()


def test_s2_a_lease_is_renewed_for_as_long_as_the_program_runs(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    let_pass(clock, 3_600)

    assert kept.is_valid()
    assert set(told) == {"renewed"}
    assert 25 <= server.count(Deed.HEARTBEAT) <= 34  # an hour of two minutes, give or take a tenth
    kept.release()


def test_programs_started_together_do_not_beat_together(
    make_client: Callable[..., LicenseClient],
) -> None:
    leases = [make_client(instance_id=f"program-{number}").acquire() for number in range(5)]

    beats = {lease._holding.plan.attempt_at for lease in leases}

    assert len(beats) == 5
    for lease in leases:
        lease.release()


def test_s16_a_kms_outage_ends_no_lease(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    server.kms_down = True

    let_pass(clock, 600)

    assert set(told) == {"renewed"}
    kept.release()


def test_s2_a_short_outage_is_bridged_unnoticed(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    with server.unreachable():
        let_pass(clock, 150)
        assert kept.state is LeaseState.HELD
        assert told == []

    let_pass(clock, 70)

    assert told[0] == "renewed"
    assert kept.reason is None
    kept.release()


def test_a_long_outage_is_told_in_order_and_healed(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    with server.unreachable():
        let_pass(clock, 355)
        assert (told, kept.is_valid()) == (["at_risk"], True)
        let_pass(clock, 10)
        assert (told, kept.is_valid()) == (["at_risk", "lost"], False)

    let_pass(clock, 70)

    assert told == ["at_risk", "lost", "restored"]
    assert kept.is_valid()
    kept.release()
    assert server.seats_in_use == 0


@pytest.mark.parametrize(
    "refusal",
    [
        (429, "rate_limited"),
        (503, "store_unavailable"),
        (503, "signing_unavailable"),
        (503, "overloaded"),
    ],
)
def test_no_429_and_no_503_loses_a_lease_before_its_end(
    kept: Lease,
    clock: ManualClock,
    server: FakeLicenseServer,
    told: list[str],
    refusal: tuple[int, str],
) -> None:
    server.fail_next(*refusal, times=1_000)

    let_pass(clock, 355)

    assert told == ["at_risk"]
    assert isinstance(kept.reason, ServerBusy)
    kept.release()


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "overloaded")])
def test_retry_after_is_honoured(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, status: int, code: str
) -> None:
    server.fail_next(status, code, deed=Deed.HEARTBEAT, retry_after_seconds=60)
    while server.count(Deed.HEARTBEAT) == 0:
        let_pass(clock, 5)

    let_pass(clock, 55)
    assert server.count(Deed.HEARTBEAT) == 1
    let_pass(clock, 15)

    assert server.count(Deed.HEARTBEAT) == 2
    kept.release()


def test_a_seat_taken_away_is_lost_at_once_and_sought_again(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    first = kept.session_id
    server.end_session(first, reason="taken_over")

    let_pass(clock, 135)

    assert told == ["lost", "restored"]
    assert kept.session_id != first
    kept.release()


def test_a_lost_lease_says_why_while_no_other_seat_is_free(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    server.end_session(kept.session_id)
    server.seats = 0

    let_pass(clock, 135)

    assert told == ["lost"]
    assert kept.state is LeaseState.LOST
    with pytest.raises(LeaseLost):
        kept.require()
    server.seats = 1
    let_pass(clock, 60)
    assert told == ["lost", "restored"]
    kept.release()


def test_a_suspended_license_runs_to_the_leases_end_and_is_over_then(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    server.refusal = "license_suspended"

    let_pass(clock, 355)
    assert (told, kept.is_valid()) == (["at_risk"], True)
    clock.advance(10)
    assert kept._keeper is not None
    kept._keeper.thread.join(30)

    assert told == ["at_risk", "lost"]
    assert isinstance(kept.reason, LicenseSuspended)
    kept.release()


def test_a_reinstated_license_is_renewed_again(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    server.refusal = "license_suspended"
    let_pass(clock, 135)

    server.refusal = None
    let_pass(clock, 135)

    assert told == ["at_risk", "renewed"]
    assert kept.state is LeaseState.HELD
    kept.release()


def test_a_server_that_forgot_the_session_is_shown_the_proof(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, told: list[str]
) -> None:
    session_id = kept.session_id
    server.forget_sessions()

    let_pass(clock, 135)

    assert told == ["renewed"]
    assert server.session_ids == [session_id]
    kept.release()


def test_s2_a_forgotten_lease_whose_seat_is_anothers_finds_a_free_one_in_time(
    kept: Lease,
    clock: ManualClock,
    server: FakeLicenseServer,
    make_client: Callable[..., LicenseClient],
    told: list[str],
) -> None:
    server.seats, forgotten = 1, kept.session_id
    server.forget_sessions()
    winner = make_client(hardware_id="another").acquire(keep=False)
    let_pass(clock, 135)
    assert kept.is_valid()

    winner.release()
    let_pass(clock, 135)

    assert kept.session_id != forgotten
    assert server.session_ids == [kept.session_id]
    assert "lost" not in told
    kept.release()


def test_s1_a_forgotten_lease_whose_seat_stays_anothers_ends_with_its_own_proof(
    kept: Lease,
    clock: ManualClock,
    server: FakeLicenseServer,
    make_client: Callable[..., LicenseClient],
    told: list[str],
) -> None:
    server.seats = 1
    server.forget_sessions()
    winner = make_client(hardware_id="another")
    winner.acquire(keep=False)

    let_pass(clock, 180)
    winner.acquire(keep=False)
    let_pass(clock, 175)
    assert kept.is_valid()
    let_pass(clock, 10)

    assert not kept.is_valid()
    assert told.count("lost") == 1
    kept.release()


@pytest.mark.parametrize("forgery", list(Forgery))
def test_a_forged_renewal_changes_nothing_and_is_asked_for_again(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer, forgery: Forgery
) -> None:
    server.forge_next(forgery, deed=Deed.HEARTBEAT)
    before = kept.proof()

    while server.count(Deed.HEARTBEAT) == 0:
        clock.advance(1)
        clock.settle()
    assert kept.proof() == before
    let_pass(clock, 70)

    assert kept.proof() != before
    assert kept.state is LeaseState.HELD
    kept.release()


def test_a_renewal_of_another_session_is_refused(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer
) -> None:
    session = server._desk.ledger.find(kept.session_id, clock.wall_seconds())
    assert session is not None
    session.session_id = "another"

    let_pass(clock, 135)

    assert kept.session_id != "another"
    assert isinstance(kept.reason, VerificationFailed)
    kept.release()


def test_a_callback_that_raises_is_logged_and_the_lease_goes_on(
    client: LicenseClient,
    clock: ManualClock,
    server: FakeLicenseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def clumsy(lease: Lease) -> None:
        raise ZeroDivisionError("in the program's own code")

    with caplog.at_level(logging.ERROR, "coditect_license_sdk"):
        lease = client.acquire(on_renewed=clumsy)
        clock.settle()
        let_pass(clock, 270)

    assert lease.is_valid()
    assert server.count(Deed.HEARTBEAT) == 2
    assert "a lease callback raised" in caplog.text
    lease.release()


def test_a_callback_may_release_the_lease(
    client: LicenseClient, clock: ManualClock, server: FakeLicenseServer
) -> None:
    lease = client.acquire(on_renewed=Lease.release)
    clock.settle()
    assert lease._keeper is not None

    clock.advance(135)
    lease._keeper.thread.join(30)

    assert lease.state is LeaseState.RELEASED
    assert server.seats_in_use == 0


def test_callbacks_of_the_client_are_the_default_of_its_leases(
    make_client: Callable[..., LicenseClient], callbacks: Callbacks, clock: ManualClock
) -> None:
    mine: list[str] = []
    client = make_client(instance_id="program-1", **callbacks)
    lease = client.acquire(on_renewed=lambda _lease: mine.append("renewed"))
    clock.settle()

    let_pass(clock, 135)

    assert mine == ["renewed"]
    lease.release()


def test_a_hanging_server_holds_a_program_up_two_seconds_at_most(
    client: LicenseClient, server: FakeLicenseServer, caplog: pytest.LogCaptureFixture
) -> None:
    lease = client.acquire()
    gate = server.hold_next(deed=Deed.RELEASE)
    started = time.monotonic()

    lease.release()

    assert 1.5 < time.monotonic() - started < 4.0
    assert lease.state is LeaseState.RELEASED
    gate.set()


def test_reading_a_lease_never_waits_for_a_hanging_server(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer
) -> None:
    gate = server.hold_next(deed=Deed.HEARTBEAT)
    clock.advance(135)
    server.wait_for(Deed.HEARTBEAT)
    started = time.monotonic()

    assert kept.is_valid()
    assert kept.remaining_seconds() == 225.0
    kept.require("export")

    assert time.monotonic() - started < 0.5
    gate.set()
    kept.release()


def test_s5_release_is_idempotent_also_from_many_threads(
    kept: Lease, server: FakeLicenseServer
) -> None:
    threads = [threading.Thread(target=kept.release) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    kept.release()

    server.wait_for(Deed.RELEASE)
    assert server.count(Deed.RELEASE) == 1
    assert server.seats_in_use == 0


def test_s8_a_seat_granted_while_the_lease_is_given_back_is_given_back_too(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer
) -> None:
    server.end_session(kept.session_id)
    gate = server.hold_next(deed=Deed.ACQUIRE)
    clock.advance(135)
    server.wait_for(Deed.ACQUIRE, times=2)

    kept.release()
    gate.set()
    server.wait_for(Deed.RELEASE, times=2)
    assert kept._keeper is not None
    kept._keeper.thread.join(30)

    assert server.seats_in_use == 0


def test_a_long_lease_is_renewed_on_few_signatures(clock: ManualClock, tmp_path: object) -> None:
    with FakeLicenseServer(clock=clock, lease_seconds=36_000) as server:
        server._desk.heartbeat_seconds = 120
        client = LicenseClient(
            server.url,
            license_key=server.license_key,
            roots=server.roots,
            cache_dir=str(tmp_path),
            clock=clock,
        )
        lease = client.acquire()
        clock.settle()

        let_pass(clock, 1_200)

        asked = [request for request in server.requests if request.deed is Deed.HEARTBEAT]
        assert len(asked) >= 9
        assert not any("nonce" in request.body for request in asked)
        lease.release()
