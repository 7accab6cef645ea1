"""A lease is renewed in the background, through outages, refusals and forgeries."""

import time
from collections.abc import Callable

import pytest

from coditect_license_sdk import (
    Lease,
    LeaseState,
    LicenseClient,
    ServerBusy,
    VerificationFailed,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, Forgery, ManualClock

LetPass = Callable[[int], None]


def test_s2_a_lease_is_renewed_for_as_long_as_the_program_runs(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    let_pass(3_600)

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
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    server.kms_down = True

    let_pass(600)

    assert set(told) == {"renewed"}
    kept.release()


def test_s2_a_short_outage_is_bridged_unnoticed(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    with server.unreachable():
        let_pass(150)
        assert kept.state is LeaseState.HELD
        assert told == []

    let_pass(70)

    assert told[0] == "renewed"
    assert kept.reason is None
    kept.release()


def test_a_long_outage_is_told_in_order_and_healed(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str]
) -> None:
    with server.unreachable():
        let_pass(355)
        assert (told, kept.is_valid()) == (["at_risk"], True)
        let_pass(10)
        assert (told, kept.is_valid()) == (["at_risk", "lost"], False)

    let_pass(70)

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
    let_pass: LetPass,
    server: FakeLicenseServer,
    told: list[str],
    refusal: tuple[int, str],
) -> None:
    server.fail_next(*refusal, times=1_000)

    let_pass(355)

    assert told == ["at_risk"]
    assert isinstance(kept.reason, ServerBusy)
    kept.release()


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "overloaded")])
def test_retry_after_is_honoured(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, status: int, code: str
) -> None:
    server.fail_next(status, code, deed=Deed.HEARTBEAT, retry_after_seconds=60)
    while server.count(Deed.HEARTBEAT) == 0:
        let_pass(5)

    let_pass(55)
    assert server.count(Deed.HEARTBEAT) == 1
    let_pass(15)

    assert server.count(Deed.HEARTBEAT) == 2
    kept.release()


@pytest.mark.parametrize("forgery", list(Forgery))
def test_a_forged_renewal_changes_nothing_and_is_asked_for_again(
    kept: Lease, clock: ManualClock, let_pass: LetPass, server: FakeLicenseServer, forgery: Forgery
) -> None:
    server.forge_next(forgery, deed=Deed.HEARTBEAT)
    before = kept.proof()

    while server.count(Deed.HEARTBEAT) == 0:
        clock.advance(1)
        clock.settle()
    assert kept.proof() == before
    let_pass(70)

    assert kept.proof() != before
    assert kept.state is LeaseState.HELD
    kept.release()


def test_a_renewal_of_another_session_is_refused(
    kept: Lease, clock: ManualClock, let_pass: LetPass, server: FakeLicenseServer
) -> None:
    session = server._desk.ledger.find(kept.session_id, clock.wall_seconds())
    assert session is not None
    session.session_id = "another"

    let_pass(135)

    assert kept.session_id != "another"
    assert isinstance(kept.reason, VerificationFailed)
    kept.release()


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

    assert time.monotonic() - started < 2  # a call to the server would wait for five
    gate.set()
    kept.release()


def test_a_long_lease_is_renewed_on_few_signatures(
    clock: ManualClock, let_pass: LetPass, tmp_path: object
) -> None:
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

        let_pass(1_200)

        asked = [request for request in server.requests if request.deed is Deed.HEARTBEAT]
        assert len(asked) >= 9
        assert not any("nonce" in request.body for request in asked)
        lease.release()
