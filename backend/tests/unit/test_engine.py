"""The engine: concurrent calls share a commit, and nobody waits for ever."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import pytest

from leasing.engine import MOST_IN_BATCH, Engine, Pace
from leasing.errors import Overloaded, SessionUnknown, StoreUnavailable
from leasing.store import Acquire, Caller, Heartbeat, Inspect, Release
from tests.support.gated_store import PATIENCE_SECONDS, GatedStore
from tests.support.waiting import until

WHO = Caller(principal="user:test", tenant_id="t")
NEVER_STALLS = Pace(stalled_seconds=PATIENCE_SECONDS * 2)
ALWAYS_AT_HOUSEWORK = Pace(tick_seconds=0.005, reap_seconds=0)


def acquire(device: str = "laptop") -> Acquire:
    return Acquire(caller=WHO, key_hmacs=("h",), hardware_id=device)


def heartbeat(session: str = "s") -> Heartbeat:
    return Heartbeat(caller=WHO, session_id=session)


def release(session: str = "s") -> Release:
    return Release(caller=WHO, session_id=session)


def inspect(session: str = "s") -> Inspect:
    return Inspect(caller=WHO, session_id=session)


@asynccontextmanager
async def started(store: GatedStore, **options: Any) -> Any:
    engine = Engine(store, **{"pace": NEVER_STALLS, **options})
    await engine.start()
    try:
        yield engine
    finally:
        store.open_gate()
        await engine.stop()


def run(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Play a scene on an event loop of its own; one that hangs is a failure."""
    asyncio.run(asyncio.wait_for(scene(), PATIENCE_SECONDS * 2))


async def apart(blocking: Callable[[], bool]) -> None:
    """Wait for a thing that another thread brings about."""
    with ThreadPoolExecutor(1) as pool:
        assert await asyncio.get_running_loop().run_in_executor(pool, blocking)


def is_seen_ready(engine: Engine) -> bool:
    """Watch, from another thread, an engine that has no news of its own to give."""
    until(lambda: engine.is_ready, seconds=PATIENCE_SECONDS)
    return True


async def submitted(engine: Engine, count: int) -> list[asyncio.Task[Any]]:
    """Return heartbeats that have all taken their place in the queue."""
    return await queued(engine.renew(heartbeat(f"s{number}")) for number in range(count))


async def queued(calls: Iterable[Coroutine[Any, Any, Any]]) -> list[asyncio.Task[Any]]:
    """Return calls that have all taken their place in the queue."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


def test_an_idle_engine_commits_one_call_alone_and_at_once() -> None:
    store = GatedStore()

    async def scene() -> None:
        async with started(store) as engine:
            began = time.monotonic()
            lease = await engine.acquire(acquire())
            assert lease.session_id == "laptop"
            assert time.monotonic() - began < 1

    run(scene)
    assert store.batch_sizes == [1]


def test_calls_that_come_during_a_commit_share_the_next_one() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store) as engine:
            first = asyncio.ensure_future(engine.acquire(acquire()))
            await apart(store.batch_began)
            others = await submitted(engine, 49)
            others.append(asyncio.ensure_future(engine.release(release())))
            await asyncio.sleep(0)
            store.open_gate()
            await asyncio.gather(first, *others)

    run(scene)
    assert store.batch_sizes == [1, 50]


def test_s17_a_batch_is_bounded() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store) as engine:
            first = asyncio.ensure_future(engine.acquire(acquire()))
            await apart(store.batch_began)
            others = await submitted(engine, MOST_IN_BATCH + 1)
            store.open_gate()
            await asyncio.gather(first, *others)

    run(scene)
    assert store.batch_sizes == [1, MOST_IN_BATCH, 1]


def test_each_caller_gets_its_own_outcome() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store) as engine:
            good = asyncio.ensure_future(engine.renew(heartbeat("good")))
            unknown = asyncio.ensure_future(engine.renew(heartbeat("unknown")))
            state = asyncio.ensure_future(engine.inspect(inspect("good")))
            await asyncio.sleep(0)
            store.open_gate()
            assert (await good).session_id == "good"
            assert (await state).session_id == "good"
            with pytest.raises(SessionUnknown):
                await unknown

    run(scene)


def test_s17_overload_sheds_reads_first_then_acquires_then_releases_and_heartbeats_last() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store, most_waiting=20) as engine:
            waiting = await queued(engine.inspect(inspect()) for _ in range(10))
            await assert_shed(engine.inspect(inspect()))
            waiting += await queued(engine.acquire(acquire()) for _ in range(4))
            await assert_shed(engine.acquire(acquire()))
            waiting += await queued(engine.release(release()) for _ in range(3))
            await assert_shed(engine.release(release()))
            waiting += await queued(engine.renew(heartbeat()) for _ in range(3))
            await assert_shed(engine.renew(heartbeat()))
            store.open_gate()
            await asyncio.gather(*waiting)
            assert (await engine.inspect(inspect())).session_id == "s"

    run(scene)
    assert sum(store.batch_sizes) == 21  # what was shed never reached the ledger


def test_s17_of_more_than_a_batch_heartbeats_go_first_and_nobody_starves() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store) as engine:
            first = asyncio.ensure_future(engine.acquire(acquire()))
            await apart(store.batch_began)
            reads = await queued(engine.inspect(inspect()) for _ in range(MOST_IN_BATCH))
            takes = await queued(engine.acquire(acquire()) for _ in range(MOST_IN_BATCH))
            gone = await queued(engine.release(release()) for _ in range(50))
            beats = await submitted(engine, 300)
            store.open_gate()
            await asyncio.gather(first, *reads, *takes, *gone, *beats)

    run(scene)
    assert [Counter(type(call) for call in batch) for batch in store.batches] == [
        {Acquire: 1},
        {Inspect: 50, Heartbeat: 300, Release: 50, Acquire: 100},
        {Inspect: 100, Acquire: 400},
        {Inspect: 350},
    ]


def test_s17_a_queue_is_as_full_as_its_places_are_taken() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store, most_waiting=20) as engine:
            assert engine.fullness == 0
            waiting = await queued(engine.renew(heartbeat()) for _ in range(2))
            assert engine.fullness == 0.1
            waiting += await queued(engine.renew(heartbeat()) for _ in range(18))
            assert engine.fullness == 1
            store.open_gate()
            await asyncio.gather(*waiting)
            assert engine.fullness == 0

    run(scene)


async def assert_shed(call: Coroutine[Any, Any, Any]) -> None:
    with pytest.raises(Overloaded) as refused:
        await call
    assert refused.value.retry_after_seconds >= 1


@pytest.mark.parametrize("failure", [StoreUnavailable("disk gone"), RuntimeError("a defect")])
def test_a_store_that_raises_fails_its_batch_and_no_other(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = GatedStore()

    async def scene() -> None:
        async with started(store) as engine:
            store.fail_once_with = failure
            with pytest.raises(StoreUnavailable):
                await engine.renew(heartbeat())
            assert (await engine.renew(heartbeat("later"))).session_id == "later"

    run(scene)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_store_that_answers_too_few_leaves_nobody_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = GatedStore()

    async def scene() -> None:
        async with started(store) as engine:
            store.is_forgetful = True
            with pytest.raises(StoreUnavailable):
                await engine.renew(heartbeat())

    run(scene)


def test_a_caller_that_gives_up_does_not_disturb_its_neighbours() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store, most_waiting=2) as engine:
            gone, stays = await submitted(engine, 2)
            gone.cancel()
            store.open_gate()
            assert (await stays).session_id == "s1"
            await asyncio.gather(*await submitted(engine, 2))  # both places are free again

    run(scene)


def test_stop_commits_what_waits_and_takes_nothing_more() -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store) as engine:
            first = asyncio.ensure_future(engine.acquire(acquire()))
            await apart(store.batch_began)
            others = await submitted(engine, 5)
            stopping = asyncio.ensure_future(engine.stop())
            await asyncio.sleep(0)
            assert not engine.is_ready
            with pytest.raises(StoreUnavailable):
                await engine.renew(heartbeat("late"))
            store.open_gate()
            await asyncio.gather(stopping, first, *others)

    run(scene)
    assert store.batch_sizes == [1, 5]
    assert store.is_closed


def test_s17_a_stalled_ledger_answers_those_who_wait_and_queues_nobody_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = GatedStore(is_open=False)

    async def scene() -> None:
        async with started(store, pace=Pace(stalled_seconds=0.05)) as engine:
            with pytest.raises(StoreUnavailable):
                await engine.renew(heartbeat("waited"))
            assert not engine.is_ready
            with pytest.raises(StoreUnavailable):
                await engine.renew(heartbeat("refused"))
            store.open_gate()
            await apart(store.batch_ended)
            await apart(lambda: is_seen_ready(engine))
            assert (await engine.renew(heartbeat("later"))).session_id == "later"

    run(scene)
    assert store.batch_sizes == [1, 1]


def test_an_idle_engine_ticks_and_reaps() -> None:
    store = GatedStore()

    async def scene() -> None:
        async with started(store, pace=ALWAYS_AT_HOUSEWORK):
            await apart(store.was_reaped)

    run(scene)
    assert store.ticks >= 1


@pytest.mark.parametrize("failure", [StoreUnavailable("disk gone"), RuntimeError("a defect")])
def test_housekeeping_that_fails_does_not_end_the_writer(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = GatedStore()
    store.fail_tick_once_with = failure

    async def scene() -> None:
        async with started(store, pace=ALWAYS_AT_HOUSEWORK) as engine:
            await apart(store.was_reaped)
            assert (await engine.renew(heartbeat("later"))).session_id == "later"

    run(scene)
    assert "housekeeping failed" in caplog.text
