"""What the client reads of its machine: clocks, the device, the network."""

import asyncio
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import (
    ConfigurationError,
    LicenseClient,
    ServerFault,
    ServerUnreachable,
)
from coditect_license_sdk._clock import Reading, SystemClock, TimeFloor
from coditect_license_sdk._hardware import _first_line, _kept_id, hardware_id, machine_id
from coditect_license_sdk._transport import HttpTransport
from coditect_license_sdk._wire import Answer, Call
from coditect_license_sdk.testing import FakeLicenseServer

MakeClient = Callable[..., LicenseClient]


@pytest.mark.skipif(sys.platform != "linux", reason="CLOCK_BOOTTIME is Linux's")
def test_leases_are_counted_on_the_clock_that_runs_through_suspend() -> None:
    assert abs(SystemClock().boot_seconds() - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1
    assert re.fullmatch(r"[0-9a-f-]{36}", SystemClock().boot_id() or "")


def test_waiting_ends_when_told_or_when_it_is_time() -> None:
    clock, condition = SystemClock(), threading.Condition()

    with condition:
        clock.wait(condition, clock.boot_seconds() - 1)
        clock.wait(condition, clock.boot_seconds() + 0.01)

    async def waiting() -> None:
        event = asyncio.Event()
        await clock.wait_async(event, clock.boot_seconds() + 0.01)
        await clock.wait_async(event, clock.boot_seconds() - 1)
        event.set()
        await clock.wait_async(event, clock.boot_seconds() + 60)

    asyncio.run(asyncio.wait_for(waiting(), 10))


@pytest.mark.parametrize(
    ("wall", "boot", "boot_id", "lowest", "undercut"),
    [
        (1_000.0, 50.0, "a", 1_000.0, False),
        (1_100.0, 150.0, "a", 1_100.0, False),
        (700.0, 50.0, "a", 1_000.0, False),  # the tolerance
        (699.0, 50.0, "a", 1_000.0, True),
        (1_000.0, 450.0, "a", 1_400.0, True),  # the clock stood still in the same boot
        (1_000.0, 450.0, "b", 1_000.0, False),  # another boot: elapsed time says nothing
        (1_000.0, 450.0, None, 1_000.0, False),
        (1_000.0, 10.0, "a", 1_000.0, False),  # never below what was signed
    ],
)
def test_time_has_a_floor(
    wall: float, boot: float, boot_id: str | None, lowest: float, *, undercut: bool
) -> None:
    floor = TimeFloor(server_seconds=1_000, boot_seconds=50.0, boot_id="a")
    reading = Reading(wall_seconds=wall, boot_seconds=boot, boot_id=boot_id)

    assert floor.lowest_now(reading) == lowest
    assert floor.is_undercut(reading) is undercut


def test_the_device_keeps_its_name_and_does_not_tell_its_machine_id(tmp_path: Path) -> None:
    named = hardware_id(tmp_path)

    assert re.fullmatch(r"[0-9a-f]{64}", named)
    assert hardware_id(tmp_path) == named
    assert machine_id() not in {named, ""}


def test_a_device_without_a_machine_id_keeps_a_random_one(tmp_path: Path) -> None:
    file = tmp_path / "new" / "device-id"

    assert _kept_id(file) == _kept_id(file) == file.read_text()
    assert _kept_id(tmp_path / "other") != _kept_id(file)


def test_a_device_without_id_and_folder_gets_one_for_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    assert _kept_id(tmp_path / "file" / "device-id")
    assert "new id each start" in caplog.text


@pytest.mark.parametrize("text", ["", "\n", "uninitialized\n"])
def test_an_unset_machine_id_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "first").write_text(text)
    (tmp_path / "second").write_text("abc\n")

    assert _first_line((tmp_path / "first", tmp_path / "none")) is None
    assert _first_line((tmp_path / "first", tmp_path / "second")) == "abc"


def test_requests_go_through_the_proxy(make_client: MakeClient, server: FakeLicenseServer) -> None:
    """The fake answers absolute addresses too, so it can stand in for a proxy."""
    client = LicenseClient(
        "http://licenses.invalid",
        license_key=server.license_key,
        roots=server.roots,
        cache_dir=make_client()._options.cache_dir,
        proxy=server.url,
        clock=server.clock,
    )

    with client.acquire() as lease:
        assert lease.is_valid()


def test_requests_go_through_the_proxy_of_the_environment(
    make_client: MakeClient, server: FakeLicenseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    client = LicenseClient(
        "http://licenses.invalid",
        license_key=server.license_key,
        roots=server.roots,
        cache_dir=make_client()._options.cache_dir,
        clock=server.clock,
    )

    with client.acquire() as lease:
        assert lease.is_valid()


def test_a_hanging_server_is_unreachable_after_the_time_limit(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    gate = server.hold_next()
    started = time.monotonic()

    with pytest.raises(ServerUnreachable, match="timed out"):
        make_client(timeout_seconds=0.2).acquire()

    assert time.monotonic() - started < 3
    gate.set()


def test_a_redirect_is_not_followed_with_the_license_key(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    server.answer_next(307, b"", headers={"Location": f"{server.url}/elsewhere"})

    with pytest.raises(ServerFault):
        make_client().acquire()

    assert len(server.requests) == 1


def test_tls_roots_can_be_named(make_client: MakeClient, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(ConfigurationError, match="TLS"):
        make_client(ca_file=str(tmp_path / "ca.pem")).acquire()


def test_a_transport_can_be_injected(make_client: MakeClient, server: FakeLicenseServer) -> None:
    class Counting:
        def __init__(self) -> None:
            self.sent: list[str] = []
            self._inner = HttpTransport(make_client()._options)

        def send(self, call: Call, *, authorization: str | None) -> Answer:
            self.sent.append(call.deed.value)
            return self._inner.send(call, authorization=authorization)

        def close(self) -> None:
            self._inner.close()

    counting = Counting()
    with make_client(transport=counting) as client, client.acquire():
        pass

    assert counting.sent == ["acquire", "release"]
