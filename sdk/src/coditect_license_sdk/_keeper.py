"""The thread that keeps a lease: it waits, sends what is due, tells the program. `_plan` decides.

A daemon: it never holds the program up. All that can go wrong in it ends in the plan or, for the
program's own callbacks, in the log.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from coditect_license_sdk import _plan
from coditect_license_sdk._clock import Clock, read_clocks
from coditect_license_sdk._holding import Holding
from coditect_license_sdk._plan import Event
from coditect_license_sdk._wire import Answer, Call, Deed
from coditect_license_sdk.errors import LicenseError

_log = logging.getLogger("coditect_license_sdk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a keeper is tied to. Only `exchange` may raise, and only a LicenseError."""

    exchange: Callable[[Call], Answer]  # sends a call once
    remember: Callable[[Holding], None]  # keeps the proof for a start without a server
    tell: Callable[[Event], None]  # tells the program
    give_back: Callable[[], None]  # releases the seat


class Keeper:
    """Keeps one lease until it is stopped or nothing more can be done."""

    def __init__(self, holding: Holding, links: Links, clock: Clock) -> None:
        self._links = links
        self._holding = holding
        self._clock = clock
        self._condition = threading.Condition()
        self._stopped = False
        self._gives_back = False
        self.thread = threading.Thread(
            target=self._run, name="coditect-license-keeper", daemon=True
        )

    def stop(self, *, give_back: bool = False) -> None:
        """Ask the thread to end, and with ``give_back`` to release the seat as its last deed.

        It does not wait for it.
        """
        with self._condition:
            self._gives_back = give_back
            self._stopped = True
            self._condition.notify_all()

    def _run(self) -> None:
        self._keep()
        if self._gives_back:
            self._links.give_back()

    def _keep(self) -> None:
        while not self._stopped:
            now = self._clock.boot_seconds()
            self._tell(self._holding.let_pass(now))
            call = self._holding.due(now)
            moment = _plan.wake_at(self._holding.plan)
            if call is not None:
                self._attempt(call)
            elif moment is not None:
                self._wait(moment)
            else:
                return

    def _attempt(self, call: Call) -> None:
        event = exchange_once(self._holding, call, self._links.exchange, self._clock)
        if self._stopped:
            # A seat granted while the program gave its lease back would be held by nobody.
            if call.deed is Deed.ACQUIRE and self._holding.reason is None:
                self._links.give_back()
            return
        if event in {Event.RENEWED, Event.RESTORED} or call.deed is Deed.KEYS:
            self._links.remember(self._holding)
        self._tell(event)

    def _tell(self, event: Event | None) -> None:
        if event is not None and not self._stopped:
            self._links.tell(event)

    def _wait(self, moment: float) -> None:
        with self._condition:
            if not self._stopped:
                self._clock.wait(self._condition, moment)


def exchange_once(
    holding: Holding, call: Call, exchange: Callable[[Call], Answer], clock: Clock
) -> Event | None:
    """Send one call and let the lease take in what came of it."""
    sent = read_clocks(clock)
    try:
        outcome: Answer | LicenseError = exchange(call)
    except LicenseError as error:
        outcome = error
    return holding.settle(call, outcome, sent=sent, now=read_clocks(clock))


def call_back(callback: Callable[[object], object] | None, lease: object) -> object:
    """Call a program's callback; what it raises is logged and goes no further.

    The one boundary to foreign code: a fault there must not end the keeping of the lease.
    """
    if callback is None:
        return None
    try:
        return callback(lease)
    except Exception:  # noqa: BLE001  the program's own code, whatever it raises
        _log.exception("a lease callback raised")
        return None
