"""A program whose calls an edge answers in the server's place: 502 to all, 403 to a source."""

from collections.abc import Callable

import pytest

from coditect_license_sdk import Lease, LeaseState
from coditect_license_sdk.testing import Deed, FakeLicenseServer

LetPass = Callable[[int], None]

PAGE = b"<!doctype html><title>Forbidden</title>"


def close_the_edge(server: FakeLicenseServer, status: int) -> None:
    for _ in range(1_000):
        server.answer_next(status, PAGE, headers={"Content-Type": "text/html"})


def open_the_edge(server: FakeLicenseServer) -> None:
    server._script.faults.clear()


def extend(server: FakeLicenseServer, seconds: int) -> None:
    """Have live leases end later, as `manage.py extend_leases` does."""
    for session in server._desk.ledger.live(server.clock.wall_seconds()):
        session.lease_expires_at += seconds


@pytest.mark.parametrize("status", [502, 403])
def test_s2_a_program_whose_lease_was_extended_runs_on_through_an_hour_of_a_closed_edge(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str], status: int
) -> None:
    extend(server, 3_600)
    let_pass(140)  # one heartbeat brings the token
    assert told == ["renewed"]

    close_the_edge(server, status)
    let_pass(3_600)

    assert kept.is_valid()
    assert "lost" not in told
    open_the_edge(server)
    let_pass(60)
    assert kept.state is LeaseState.HELD
    kept.release()


@pytest.mark.parametrize("status", [502, 403])
def test_without_the_extension_it_stops_at_the_end_of_its_token(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer, told: list[str], status: int
) -> None:
    close_the_edge(server, status)

    let_pass(355)
    assert kept.is_valid()
    let_pass(10)

    assert told == ["at_risk", "lost"]
    assert not kept.is_valid()
    open_the_edge(server)
    kept.release()


def test_a_program_that_is_blocked_asks_no_more_often_than_twice_an_interval(
    kept: Lease, let_pass: LetPass, server: FakeLicenseServer
) -> None:
    extend(server, 3_600)
    let_pass(140)
    before = server.count(Deed.HEARTBEAT)
    close_the_edge(server, 502)

    let_pass(3_000)

    beats = server.count(Deed.HEARTBEAT) - before
    assert 20 < beats < 200  # full jitter up to 60 s: about a hundred in 50 minutes
    open_the_edge(server)
    kept.release()
