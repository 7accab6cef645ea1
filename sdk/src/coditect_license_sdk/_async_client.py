"""The client for asyncio programs: the same leases, kept by a task instead of a thread."""

import asyncio
import contextlib
import inspect
import logging
import os
from collections.abc import Callable, Coroutine, Generator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from coditect_license_sdk import _dialogue, _options, _plan
from coditect_license_sdk._base_client import BaseClient
from coditect_license_sdk._clock import Clock, read_clocks
from coditect_license_sdk._dialogue import Grant
from coditect_license_sdk._exits import RELEASE_SECONDS
from coditect_license_sdk._holding import Holding
from coditect_license_sdk._keeper import call_back
from coditect_license_sdk._lease import Callbacks, LeaseView, callback_for
from coditect_license_sdk._options import TokenSource
from coditect_license_sdk._plan import Event, LeaseState
from coditect_license_sdk._wire import Answer, AsyncTransport, Call, Deed
from coditect_license_sdk.errors import LicenseError

if TYPE_CHECKING:
    from coditect_license_token import Roots

_log = logging.getLogger("coditect_license_sdk")


class AsyncLicenseClient(BaseClient):
    """Takes and keeps seats of one license inside an event loop; settings as for LicenseClient.

    Callbacks may be coroutine functions. Leave leases through `async with`, or `await release()`:
    a loop that was closed cannot send; when the loop cancels its tasks at the end (`asyncio.run`)
    the seat is released within two seconds. After a fork, make a new client.
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        license_key: str | None = None,
        token: TokenSource | None = None,
        roots: "Roots | Path | str | bytes | None" = None,
        audience: str | None = None,
        issuer: str | None = None,
        hardware_id: str | None = None,
        instance_id: str | None = None,
        timeout_seconds: float = _options.DEFAULT_TIMEOUT_SECONDS,
        proxy: str | None = None,
        ca_file: str | None = None,
        cache_dir: Path | str | None = None,
        offline_ok: bool = True,
        metadata: Mapping[str, object] | None = None,
        transport: AsyncTransport | None = None,
        clock: Clock | None = None,
        **callbacks: Unpack[Callbacks],
    ) -> None:
        super().__init__(
            base_url,
            license_key=license_key,
            token=token,
            roots=roots,
            audience=audience,
            issuer=issuer,
            hardware_id=hardware_id,
            instance_id=instance_id,
            timeout_seconds=timeout_seconds,
            proxy=proxy,
            ca_file=ca_file,
            cache_dir=cache_dir,
            offline_ok=offline_ok,
            metadata=metadata,
            clock=clock,
        )
        self._transport = transport
        self._callbacks = callbacks

    def acquire(
        self, *, wait_seconds: float = 0.0, keep: bool = True, **callbacks: Unpack[Callbacks]
    ) -> "Acquiring":
        """Take a seat: `await` it, or use it with `async with`.

        Arguments and errors as for LicenseClient.acquire.
        """
        merged: Callbacks = {**self._callbacks, **callbacks}
        return Acquiring(lambda: self._acquire(merged, wait_seconds=wait_seconds, keep=keep))

    async def release(self, session_id: str) -> None:
        """Do as LicenseClient.release."""
        await asyncio.to_thread(self._forget_proof)
        call = _dialogue.release_call(session_id, instance_id=self.instance_id)
        _dialogue.require_success(await self._exchange(call))

    async def close(self) -> None:
        """Close the connections. Leases go on: release them first."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _acquire(
        self, callbacks: Callbacks, *, wait_seconds: float, keep: bool
    ) -> "AsyncLease":
        holding = await self._seek(wait_seconds=wait_seconds)
        if holding.grant is None:
            raise LicenseError("no lease was granted")  # the types cannot tell; never happens
        return AsyncLease(
            holding,
            self._clock,
            holding.grant,
            exchange=self._exchange_once,
            remember=self._remember,
            release=self.release,
            callbacks=callbacks,
            keep=keep,
        )

    async def _remember(self, holding: Holding) -> None:
        await asyncio.to_thread(self._cache.save, holding.kept())

    async def _exchange(self, call: Call) -> Answer:
        if self._transport is None:
            from coditect_license_sdk._transport import (
                AsyncHttpTransport,
            )

            self._transport = AsyncHttpTransport(self._options)
        return await self._transport.send(call, authorization=self._options.authorization())

    async def _exchange_once(self, holding: Holding, call: Call) -> Event | None:
        sent = read_clocks(self._clock)
        try:
            outcome: Answer | LicenseError = await self._exchange(call)
        except LicenseError as error:
            outcome = error
        return holding.settle(call, outcome, sent=sent, now=read_clocks(self._clock))

    async def _seek(self, *, wait_seconds: float) -> Holding:
        holding = self._new_holding()
        until = self._clock.boot_seconds() + wait_seconds
        while not await self._tried(holding):
            now = self._clock.boot_seconds()
            moment = holding.next_try(until=until, now=now)
            if holding.plan.failures and self._resume_offline(holding):
                return holding
            if moment is None and holding.reason is not None:
                raise holding.reason
            await self._pause(moment or now)
            holding.hurry(self._clock.boot_seconds())
        return holding

    async def _tried(self, holding: Holding) -> bool:
        call = holding.due(self._clock.boot_seconds())
        if call is not None:
            await self._exchange_once(holding, call)
        held = holding.plan.state is LeaseState.HELD
        if held:
            await self._remember(holding)
        return held

    async def _pause(self, moment: float) -> None:
        never = asyncio.Event()
        while self._clock.boot_seconds() < moment:
            await self._clock.wait_async(never, moment)


class Acquiring:
    """A lease on its way: `lease = await …` or `async with … as lease`."""

    def __init__(self, acquire: Callable[[], Coroutine[Any, Any, "AsyncLease"]]) -> None:
        self._acquire = acquire
        self._lease: AsyncLease | None = None

    def __await__(self) -> Generator[Any, Any, "AsyncLease"]:
        return self._acquire().__await__()

    async def __aenter__(self) -> "AsyncLease":
        self._lease = await self._acquire()
        return self._lease

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lease is not None:
            await self._lease.release()


class AsyncLease(LeaseView):
    """A seat this program holds, kept by a task of the running loop."""

    def __init__(
        self,
        holding: Holding,
        clock: Clock,
        grant: Grant,
        *,
        exchange: Callable[[Holding, Call], Coroutine[Any, Any, Event | None]],
        remember: Callable[[Holding], Coroutine[Any, Any, None]],
        release: Callable[[str], Coroutine[Any, Any, None]],
        callbacks: Callbacks,
        keep: bool,
    ) -> None:
        super().__init__(holding, clock, grant)
        self._exchange = exchange
        self._remember = remember
        self._release_session = release
        self._callbacks = callbacks
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        if keep:
            loop = asyncio.get_running_loop()
            self._task = loop.create_task(self._run(), name="coditect-license-keeper")

    async def release(self) -> None:
        """Give the seat back; at most two seconds, raising nothing.

        Releasing twice is no error; in a forked child it does nothing.
        """
        if self._released or os.getpid() != self._process_id:
            return
        self._released = True
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._give_back(), RELEASE_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.release()

    async def _run(self) -> None:
        try:
            while not self._released and await self._advance():
                pass
        except asyncio.CancelledError:
            await self.release()
            raise

    async def _advance(self) -> bool:
        """Do the next thing; false when nothing more can be done."""
        now = self._clock.boot_seconds()
        await self._tell(self._holding.let_pass(now))
        call = self._holding.due(now)
        moment = _plan.wake_at(self._holding.plan)
        if call is not None:
            await self._attempt(call)
        elif moment is not None:
            await self._clock.wait_async(self._wake, moment)
        return moment is not None

    async def _attempt(self, call: Call) -> None:
        event = await self._exchange(self._holding, call)
        if self._released:
            # A seat granted while the program gave its lease back would be held by nobody.
            if call.deed is Deed.ACQUIRE and self._holding.reason is None:
                await self._give_back()
            return
        if event in {Event.RENEWED, Event.RESTORED} or call.deed is Deed.KEYS:
            await self._remember(self._holding)
        await self._tell(event)

    async def _tell(self, event: Event | None) -> None:
        if event is None or self._released:
            return
        told = call_back(callback_for(event, self._callbacks), self)
        if inspect.isawaitable(told):
            waiting: asyncio.Future[object] = asyncio.ensure_future(told)
            await asyncio.wait([waiting])
            call_back(lambda _: waiting.result(), self)

    async def _give_back(self) -> None:
        try:
            await self._release_session(self.session_id)
        except LicenseError as error:
            _log.warning("the seat could not be given back, it will lapse: %s", error)
