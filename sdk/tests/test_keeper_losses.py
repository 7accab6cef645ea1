"""A lease that the server no longer renews is lost, sought again, or brought back."""

from collections.abc import Callable

import pytest

from coditect_license_sdk import (
    Lease,
    LeaseLost,
    LeaseState,
    LicenseClient,
    LicenseSuspended,
)
from coditect_license_sdk.testing import FakeLicenseServer, ManualClock

LetPass = Callable[[int], None]


def test_a_seat_taken_away_is_lost_at_once_and_sought_again(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    first = kept.session_id
    server.end_session(first, reason="taken_over")

    let_pass(135)

    assert told == ["lost", "restored"]
    assert kept.session_id != first
    kept.release()


def test_a_lost_lease_says_why_while_no_other_seat_is_free(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    server.end_session(kept.session_id)
    server.seats = 0

    let_pass(135)

    assert told == ["lost"]
    assert kept.state is LeaseState.LOST
    with pytest.raises(LeaseLost):
        kept.require()
    server.seats = 1
    let_pass(60)
    assert told == ["lost", "restored"]
    kept.release()


def test_a_suspended_license_runs_to_the_leases_end_and_is_over_then(
    kept: Lease, clock: ManualClock, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    server.refusal = "license_suspended"

    let_pass(355)
    assert (told, kept.is_valid()) == (["at_risk"], True)
    clock.advance(10)
    assert kept._keeper is not None
    kept._keeper.thread.join(30)

    assert told == ["at_risk", "lost"]
    assert isinstance(kept.reason, LicenseSuspended)
    kept.release()


def test_a_reinstated_license_is_renewed_again(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    server.refusal = "license_suspended"
    let_pass(135)

    server.refusal = None
    let_pass(135)

    assert told == ["at_risk", "renewed"]
    assert kept.state is LeaseState.HELD
    kept.release()


def test_a_server_that_forgot_the_session_is_shown_the_proof(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    session_id = kept.session_id
    server.forget_sessions()

    let_pass(135)

    assert told == ["renewed"]
    assert server.session_ids == [session_id]
    kept.release()


def test_s2_a_forgotten_lease_whose_seat_is_anothers_finds_a_free_one_in_time(
    kept: Lease,
    let_pass: LetPass,
    server: FakeLicenseServer,
    make_client: Callable[..., LicenseClient],
    told: list[str],
) -> None:
    server.seats, forgotten = 1, kept.session_id
    server.forget_sessions()
    winner = make_client(hardware_id="another").acquire(keep=False)
    let_pass(135)
    assert kept.is_valid()

    winner.release()
    let_pass(135)

    assert kept.session_id != forgotten
    assert server.session_ids == [kept.session_id]
    assert "lost" not in told
    kept.release()


def test_s1_a_forgotten_lease_whose_seat_stays_anothers_ends_with_its_own_proof(
    kept: Lease,
    let_pass: LetPass,
    server: FakeLicenseServer,
    make_client: Callable[..., LicenseClient],
    told: list[str],
) -> None:
    server.seats = 1
    server.forget_sessions()
    winner = make_client(hardware_id="another")
    winner.acquire(keep=False)

    let_pass(180)
    winner.acquire(keep=False)
    let_pass(175)
    assert kept.is_valid()
    let_pass(10)

    assert not kept.is_valid()
    assert told.count("lost") == 1
    kept.release()
