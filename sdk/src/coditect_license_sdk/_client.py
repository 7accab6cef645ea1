"""The client for ordinary programs: one call takes a seat, a background thread keeps it."""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from coditect_license_sdk import _dialogue, _exits, _options
from coditect_license_sdk._base_client import BaseClient
from coditect_license_sdk._clock import Clock
from coditect_license_sdk._dialogue import Grant
from coditect_license_sdk._holding import Holding
from coditect_license_sdk._keeper import Keeper, Links, call_back, exchange_once
from coditect_license_sdk._lease import Callbacks, LeaseView, callback_for
from coditect_license_sdk._options import TokenSource
from coditect_license_sdk._plan import Event, LeaseState
from coditect_license_sdk._wire import Answer, Call, Transport
from coditect_license_sdk.errors import LicenseError

if TYPE_CHECKING:
    from coditect_license_token import Roots

_log = logging.getLogger("coditect_license_sdk")


class LicenseClient(BaseClient):
    """Takes and keeps seats of one license.

    `base_url` and `license_key` say where and what; `token` is a JWT or a function that gives one,
    for licenses that need a login. `roots` are the pinned root keys: a `Roots`, PEM bytes, or the
    path of a PEM file; without them RootsMissing is raised. `audience` and `issuer` are compared
    with the signed token when given: pass your product's code, so that a lease of another product
    is no good. What is not passed comes from the environment: see the table in the README.

    `hardware_id` names the device (default: derived from the machine and hashed). `instance_id`
    names the program (default: random), so that several on one device share a seat and each keeps
    it. `timeout_seconds` bounds each step of a request. `proxy` is an URL; without it HTTPS_PROXY
    counts. `ca_file` replaces the TLS roots of the system. `offline_ok=False` refuses to start from
    a kept lease while the server is away. `metadata` (at most 4 KiB as JSON) shows up beside the
    session in the console. `release_on_signals=True` releases on SIGTERM too (see `_exits`).
    `transport` and `clock` are for tests. Callbacks (`on_lost=` …) are the defaults of every lease.

    Making a client sends nothing. Raises ConfigurationError.
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
        release_on_signals: bool = False,
        transport: Transport | None = None,
        clock: Clock | None = None,
        **callbacks: Unpack[Callbacks],
    ) -> None:
        self._injected_transport = transport
        self._transport: Transport | None = None
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
        self._callbacks = callbacks
        if release_on_signals:
            _exits.release_on_signals()

    def acquire(
        self, *, wait_seconds: float = 0.0, keep: bool = True, **callbacks: Unpack[Callbacks]
    ) -> "Lease":
        """Take a seat, verify the signed answer and return the lease.

        `wait_seconds`: how long to go on trying while no seat is free or the server is away.
        `keep=False` starts no thread: the seat stays taken until the lease's end or `release`, also
        past the end of the program. Callbacks run on the keeper's thread and should return soon; a
        callback that raises is logged.

        When the server is away and a kept lease of this device is still in force, the lease
        returned is that one, with `lease.offline` true. Raises a LicenseError: NoSeatAvailable,
        PersonalCapReached, LicenseRefused, NotAuthorized, ServerUnreachable, ServerBusy,
        VerificationFailed, ClockSuspect.
        """
        holding = self._new_holding()
        self._seek(holding, wait_seconds=wait_seconds)
        if holding.grant is None:
            raise LicenseError("no lease was granted")  # the types cannot tell; never happens
        return Lease(
            holding,
            self._clock,
            holding.grant,
            exchange=self._exchange,
            remember=self._remember,
            release=self.release,
            callbacks={**self._callbacks, **callbacks},
            keep=keep,
        )

    def release(self, session_id: str) -> None:
        """Give back a seat by its session, as the client's `instance_id`.

        For leases of an earlier process taken with `keep=False`. Releasing twice is no error.
        Raises LicenseUnknown for another's session, ServerUnreachable, ServerBusy, NotAuthorized.
        """
        self._ensure_process()
        self._forget_proof()
        call = _dialogue.release_call(session_id, instance_id=self._instance_id)
        answer = self._exchange(call)
        _dialogue.require_success(answer)

    def close(self) -> None:
        """Close the connections. Leases go on: release them first."""
        if self._transport is not None:
            self._transport.close()
            self._transport = self._injected_transport

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start_process(self) -> None:
        super()._start_process()
        self._transport = self._injected_transport
        self._opening = threading.Lock()

    def _remember(self, holding: Holding) -> None:
        self._cache.save(holding.kept())

    def _exchange(self, call: Call) -> Answer:
        return self._opened().send(call, authorization=self._options.authorization())

    def _opened(self) -> Transport:
        with self._opening:
            if self._transport is None:
                from coditect_license_sdk._transport import (
                    HttpTransport,
                )

                self._transport = HttpTransport(self._options)
            return self._transport

    def _seek(self, holding: Holding, *, wait_seconds: float) -> None:
        until = self._clock.boot_seconds() + wait_seconds
        while not self._tried(holding):
            now = self._clock.boot_seconds()
            moment = holding.next_try(until=until, now=now)
            if holding.plan.failures and self._resume_offline(holding):
                return
            if moment is None and holding.reason is not None:
                raise holding.reason
            self._pause(moment or now)
            holding.hurry(self._clock.boot_seconds())

    def _tried(self, holding: Holding) -> bool:
        call = holding.due(self._clock.boot_seconds())
        if call is not None:
            exchange_once(holding, call, self._exchange, self._clock)
        held = holding.plan.state is LeaseState.HELD
        if held:
            self._remember(holding)
        return held

    def _pause(self, moment: float) -> None:
        condition = threading.Condition()
        with condition:
            while self._clock.boot_seconds() < moment:
                self._clock.wait(condition, moment)


class Lease(LeaseView):
    """A seat this program holds. Use it as a context manager, or call `release`."""

    def __init__(
        self,
        holding: Holding,
        clock: Clock,
        grant: Grant,
        *,
        exchange: Callable[[Call], Answer],
        remember: Callable[[Holding], None],
        release: Callable[[str], None],
        callbacks: Callbacks,
        keep: bool,
    ) -> None:
        super().__init__(holding, clock, grant)
        self._release_session = release
        self._callbacks = callbacks
        self._releasing = threading.Lock()
        self._keeper: Keeper | None = None
        if keep:
            links = Links(
                exchange=exchange,
                remember=remember,
                tell=self._tell,
                give_back=self._give_back,
            )
            self._keeper = Keeper(holding, links, clock)
            _exits.release_at_exit(self)
            self._keeper.thread.start()

    def release(self) -> None:
        """Give the seat back; it waits at most two seconds and raises nothing.

        If the server cannot be reached in that time the seat is free when the lease lapses. In a
        forked child it does nothing: the seat is the parent's.
        """
        _exits.release_all([self])

    def begin_release(self) -> threading.Thread | None:
        """Start to give the seat back and not wait for it.

        Returns the thread that does it, or None when there is nothing to do (again).
        """
        if os.getpid() != self._process_id:
            return None
        with self._releasing:
            if self._released:
                return None
            self._released = True
        thread = _started(self._give_back)
        if self._keeper is None:
            return thread
        self._keeper.stop(give_back=thread is None)
        return thread or self._keeper.thread

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _tell(self, event: Event) -> None:
        call_back(callback_for(event, self._callbacks), self)

    def _give_back(self) -> None:
        try:
            self._release_session(self.session_id)
        except LicenseError as error:
            _log.warning("the seat could not be given back, it will lapse: %s", error)


def _started(work: Callable[[], None]) -> threading.Thread | None:
    """Return a thread at work, or None where an ending program may start none (Python 3.12)."""
    thread = threading.Thread(target=work, name="coditect-license-release", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread
