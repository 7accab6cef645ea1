"""A program starts without a server, on a lease it was given, and not a second longer."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import (
    ClockSuspect,
    LeaseState,
    LicenseClient,
    LicenseSuspended,
    ServerUnreachable,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, ManualClock

MakeClient = Callable[..., LicenseClient]


@pytest.fixture
def machine() -> ManualClock:
    """The client's own clock, which need not be the server's."""
    return ManualClock()


@pytest.fixture
def crashed(make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer) -> str:
    """A program that took a seat and died without giving it back."""
    return make_client(clock=machine).acquire(keep=False).session_id


def test_within_the_lease_a_program_starts_offline(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.advance(100)

    with server.unreachable():
        lease = make_client(clock=machine).acquire(keep=False)

    assert (lease.offline, lease.state) == (True, LeaseState.HELD)
    assert lease.session_id == crashed
    assert lease.remaining_seconds() == 260.0


def test_the_lease_counts_on_through_a_reboot(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.advance(100)
    machine.reboot()

    with server.unreachable():
        lease = make_client(clock=machine).acquire(keep=False)

    assert lease.remaining_seconds() == 260.0
    machine.advance(261)
    assert lease.state is LeaseState.LOST


def test_after_the_leases_end_a_program_does_not_start_offline(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.advance(360)

    with server.unreachable(), pytest.raises(ServerUnreachable):
        make_client(clock=machine).acquire()


def test_another_device_cannot_use_the_kept_lease(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    kept = next((make_client()._options.cache_dir).glob("lease-*.json"))
    other = make_client(clock=machine, hardware_id="device-2")
    other._cache.file.write_bytes(kept.read_bytes())

    with server.unreachable(), pytest.raises(ServerUnreachable):
        other.acquire()


def test_a_program_may_insist_on_the_server(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    with server.unreachable(), pytest.raises(ServerUnreachable):
        make_client(clock=machine, offline_ok=False).acquire()


def test_a_seat_given_back_does_not_start_a_program_offline(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    make_client().acquire().release()

    with server.unreachable(), pytest.raises(ServerUnreachable):
        make_client().acquire()


def test_a_program_that_leaves_does_not_take_the_lease_of_another_away(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    first, second = make_client().acquire(keep=False), make_client().acquire(keep=False)

    first.release()

    with server.unreachable():
        assert make_client().acquire(keep=False).session_id == second.session_id
    second.release()
    assert make_client().kept_lease() is None


def test_a_refusal_is_no_outage(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    server.refusal = "license_suspended"

    with pytest.raises(LicenseSuspended):
        make_client(clock=machine).acquire()


@pytest.mark.parametrize("body", [b"<html>sign in to this network</html>", b'{"hello": "portal"}'])
def test_a_captive_portal_is_an_outage(
    make_client: MakeClient,
    machine: ManualClock,
    server: FakeLicenseServer,
    crashed: str,
    body: bytes,
) -> None:
    server.answer_next(200, body)

    assert make_client(clock=machine).acquire(keep=False).offline


def test_an_offline_lease_goes_online_by_itself(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock, told: list[str]
) -> None:
    make_client(instance_id="editor").acquire(keep=False)
    restarted = make_client(instance_id="editor", on_renewed=lambda _lease: told.append("renewed"))
    with server.unreachable():
        lease = restarted.acquire()
        clock.settle()
        assert lease.offline

    clock.advance(70)
    clock.settle()

    assert (lease.offline, told) == (False, ["renewed"])
    assert lease.remaining_seconds() == 360.0
    lease.release()
    assert server.seats_in_use == 0


def test_a_clock_turned_back_in_the_same_boot_is_found_out(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.advance(400)
    machine.set_wall(machine.wall_seconds() - 400)

    with server.unreachable(), pytest.raises(ClockSuspect) as caught:
        make_client(clock=machine).acquire()

    assert isinstance(caught.value.__cause__, ServerUnreachable)


def test_a_clock_turned_back_before_the_signed_time_is_found_out_after_a_reboot(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.reboot()
    machine.set_wall(machine.wall_seconds() - 86_400)

    with server.unreachable(), pytest.raises(ClockSuspect):
        make_client(clock=machine).acquire()


def test_a_clock_a_little_behind_is_no_suspect(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.reboot()
    machine.set_wall(machine.wall_seconds() - 299)

    with server.unreachable():
        assert make_client(clock=machine).acquire(keep=False).remaining_seconds() == 360.0


def test_turning_the_clock_back_within_the_tolerance_gains_nothing_in_the_same_boot(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    machine.advance(359)
    machine.set_wall(machine.wall_seconds() - 299)

    with server.unreachable():
        assert make_client(clock=machine).acquire(keep=False).remaining_seconds() == 1.0


def test_one_contact_heals_a_suspect_clock(
    make_client: MakeClient,
    machine: ManualClock,
    clock: ManualClock,
    server: FakeLicenseServer,
    crashed: str,
) -> None:
    """The server's own time was wrong by a day, so the floor is; the next contact lowers it."""
    clock.advance(86_400)
    make_client(clock=machine).acquire(keep=False)
    with server.unreachable(), pytest.raises(ClockSuspect):
        make_client(clock=machine).acquire()
    clock.set_wall(machine.wall_seconds())
    server.forget_sessions()

    make_client(clock=machine).acquire(keep=False)

    with server.unreachable():
        assert make_client(clock=machine).acquire(keep=False).offline


def test_a_clock_far_ahead_is_healed_by_one_contact(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer
) -> None:
    right = machine.wall_seconds()
    machine.set_wall(right + 144_000)
    make_client(clock=machine).acquire(keep=False)
    machine.set_wall(right)

    with server.unreachable():
        assert make_client(clock=machine).acquire(keep=False).remaining_seconds() == 360.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda _data: b"",
        lambda _data: b"null",
        lambda _data: b"\xff" * 40,
        lambda data: data[:-20],
        lambda data: data.replace(b"server_seconds", b"server_Seconds"),
        lambda _data: b"x" * 200_000,
        lambda _data: b"[" * 60_000,
        lambda _data: json.dumps({"facts": "{}", "mac": "00"}).encode(),
        lambda _data: b'{"facts": 1}',
    ],
)
def test_a_damaged_cache_is_as_good_as_none_with_a_warning(  # noqa: PLR0917  fixtures
    make_client: MakeClient,
    machine: ManualClock,
    server: FakeLicenseServer,
    crashed: str,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes],
) -> None:
    file = make_client()._cache.file
    file.write_bytes(damage(file.read_bytes()))

    with server.unreachable(), pytest.raises(ServerUnreachable):
        make_client(clock=machine).acquire()

    assert "not usable" in caplog.text
    assert make_client(clock=machine).acquire(keep=False).session_id == crashed


def test_a_floor_lowered_by_hand_breaks_the_seal(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    file = make_client()._cache.file
    sealed = json.loads(file.read_bytes())
    facts = json.loads(sealed["facts"])
    facts["floor"]["server_seconds"] -= 86_400
    file.write_text(json.dumps(sealed | {"facts": json.dumps(facts, sort_keys=True)}))

    with server.unreachable(), pytest.raises(ServerUnreachable):
        make_client(clock=machine).acquire()


def test_the_cache_is_private_holds_no_license_key_and_leaves_no_scraps(
    make_client: MakeClient, server: FakeLicenseServer, crashed: str
) -> None:
    file = make_client()._cache.file

    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert server.license_key.encode() not in file.read_bytes()


def test_an_unwritable_cache_costs_a_warning_and_no_lease(
    make_client: MakeClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "a-file"
    blocked.touch()

    with caplog.at_level(logging.WARNING, "coditect_license_sdk"):
        lease = make_client(cache_dir=blocked / "cache").acquire(keep=False)

    assert lease.is_valid()
    assert "cannot be written" in caplog.text


def test_the_kept_lease_can_be_read_without_asking_anybody(
    make_client: MakeClient, machine: ManualClock, server: FakeLicenseServer, crashed: str
) -> None:
    asked = len(server.requests)

    lease = make_client(clock=machine).kept_lease()
    machine.advance(361)

    assert lease is not None
    assert lease.session_id == crashed
    assert make_client(clock=machine).kept_lease() is None
    assert len(server.requests) == asked
    assert server.count(Deed.ACQUIRE) == 1
