"""The same leases for asyncio programs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coditect_license_sdk import (
    AsyncLease,
    AsyncLicenseClient,
    LeaseState,
    LicenseSuspended,
    NoSeatAvailable,
    ServerUnreachable,
    VerificationFailed,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, Forgery, ManualClock

Make = Callable[..., AsyncLicenseClient]


@pytest.fixture
def make(server: FakeLicenseServer, clock: ManualClock, tmp_path: Path) -> Make:
    def make_client(**settings: Any) -> AsyncLicenseClient:
        defaults: dict[str, Any] = {
            "license_key": server.license_key,
            "roots": server.roots,
            "hardware_id": "device-1",
            "instance_id": "program-1",  # so that its jitter is the same in every run
            "cache_dir": tmp_path / "cache",
            "timeout_seconds": 5,
            "clock": clock,
        }
        return AsyncLicenseClient(server.url, **(defaults | settings))

    return make_client


def in_loop(program: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(program(), 30)

    asyncio.run(bounded())


@asynccontextmanager
async def kept(
    client: AsyncLicenseClient, clock: ManualClock, **more: Any
) -> AsyncIterator[AsyncLease]:
    async with client, client.acquire(**more) as lease:
        await asyncio.to_thread(clock.settle)
        yield lease


async def let_pass(clock: ManualClock, seconds: int) -> None:
    for _ in range(seconds // 5):
        clock.advance(5)
        await asyncio.to_thread(clock.settle)


def test_a_seat_is_held_inside_the_block_and_free_after_it(
    make: Make, server: FakeLicenseServer
) -> None:
    async def program() -> None:
        async with make().acquire() as lease:
            assert lease.is_valid()
            assert server.session_ids == [lease.session_id]
        assert lease.state is LeaseState.RELEASED

    in_loop(program)
    assert server.seats_in_use == 0


def test_a_lease_can_be_awaited_too(make: Make, server: FakeLicenseServer) -> None:
    async def program() -> None:
        lease = await make().acquire()
        assert lease.is_valid()
        await lease.release()
        await lease.release()

    in_loop(program)
    assert server.count(Deed.RELEASE) == 1


def test_s2_a_lease_is_renewed_and_an_outage_told_in_order(
    make: Make, server: FakeLicenseServer, clock: ManualClock, told: list[str]
) -> None:
    async def lost(lease: AsyncLease) -> None:
        await asyncio.to_thread(told.append, "lost")

    async def program() -> None:
        callbacks: dict[str, Any] = {
            "on_renewed": lambda _lease: told.append("renewed"),
            "on_at_risk": lambda _lease: told.append("at_risk"),
            "on_lost": lost,
            "on_restored": lambda _lease: told.append("restored"),
        }
        async with kept(make(), clock, **callbacks) as lease:
            await let_pass(clock, 135)
            with server.unreachable():
                await let_pass(clock, 365)
                assert not lease.is_valid()
            await let_pass(clock, 70)
            assert lease.is_valid()

    in_loop(program)
    assert told == ["renewed", "at_risk", "lost", "restored"]
    assert server.seats_in_use == 0


def test_a_coroutine_callback_that_raises_is_logged(
    make: Make, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def clumsy(lease: AsyncLease) -> None:
        raise ZeroDivisionError

    async def program() -> None:
        async with kept(make(), clock, on_renewed=clumsy) as lease:
            await let_pass(clock, 270)
            assert lease.is_valid()

    in_loop(program)
    assert "a lease callback raised" in caplog.text


def test_a_suspended_license_ends_the_keeper_at_the_leases_end(
    make: Make, server: FakeLicenseServer, clock: ManualClock, told: list[str]
) -> None:
    async def program() -> None:
        async with kept(make(), clock, on_lost=lambda _lease: told.append("lost")) as lease:
            server.refusal = "license_suspended"
            await let_pass(clock, 355)
            clock.advance(10)
            assert lease._task is not None
            await lease._task
            assert isinstance(lease.reason, LicenseSuspended)

    in_loop(program)
    assert told == ["lost"]


def test_a_cancelled_loop_gives_the_seat_back(make: Make, server: FakeLicenseServer) -> None:
    async def program() -> None:
        await make().acquire()

    asyncio.run(program())

    assert server.seats_in_use == 0


def test_a_hanging_server_holds_the_loop_up_two_seconds_at_most(
    make: Make, server: FakeLicenseServer
) -> None:
    async def program() -> None:
        lease = await make().acquire()
        gate = server.hold_next(deed=Deed.RELEASE)
        started = time.monotonic()
        await lease.release()
        assert 1.5 < time.monotonic() - started < 4.0
        gate.set()

    in_loop(program)


def test_errors_are_the_same(make: Make, server: FakeLicenseServer) -> None:
    async def program() -> None:
        server.forge_next(Forgery.NONCE)
        with pytest.raises(VerificationFailed):
            await make().acquire()
        server.forget_sessions()
        server.seats = 0
        with pytest.raises(NoSeatAvailable):
            await make().acquire()
        with server.unreachable(), pytest.raises(ServerUnreachable):
            await make().acquire()

    in_loop(program)


def test_waiting_for_a_seat_does_not_block_the_loop(
    make: Make, server: FakeLicenseServer, clock: ManualClock
) -> None:
    async def program() -> None:
        server.seats = 0
        waiting = asyncio.ensure_future(make().acquire(wait_seconds=60, keep=False)._acquire())
        await asyncio.to_thread(clock.settle)
        server.seats = 1
        clock.advance(40)
        assert (await waiting).is_valid()

    in_loop(program)


def test_within_the_lease_a_program_starts_offline(
    make: Make, server: FakeLicenseServer, clock: ManualClock
) -> None:
    async def program() -> None:
        await make().acquire(keep=False)
        clock.advance(100)
        with server.unreachable():
            lease = await make().acquire(keep=False)
        assert (lease.offline, lease.remaining_seconds()) == (True, 260.0)
        await make(instance_id="other").release(lease.session_id)

    in_loop(program)
