"""A crowd of devices that hold seats over HTTP, and the history of what they could see."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Self

from support.devices import Device, Faithful, Restless
from support.server import Address

from leasing.rules import HOLD_INTERVALS
from tests.support.history_events import Event

STAMP_SECONDS: Final = 5
"""How old the last sign of life in a ledger may be."""

_ANSWERS_SECONDS: Final = 60
_END_SECONDS: Final = 30


@dataclass(frozen=True)
class Habits:
    """How a crowd lives.

    ``restless`` devices acquire, beat and release as fast as they are answered, ``pace_seconds``
    apart. ``faithful`` ones take a seat first and keep it as the SDK does. Where outages
    ``may_fail`` calls, 503 ``store_unavailable`` is an answer whose outcome is not known.
    """

    seats: int
    restless: int
    faithful: int = 0
    ttl_seconds: float = 360
    interval_seconds: float = 120
    pace_seconds: float = 0
    may_fail: bool = False


class Crowd:
    """Devices on threads of their own, from ``with`` to its end.

    They spread over the addresses and go to another one when a connection breaks. ``events`` is the
    history that they saw; ``surprises`` are answers that no correct server gives; ``refusals`` are
    seats that faithful devices did not get back; ``promised`` is the latest lease end that was
    answered for each session. Calls refused because nobody listens are not part of the history:
    nothing was sent.
    """

    def __init__(
        self, addresses: Sequence[Address], key: str, habits: Habits, *, seed: int, name: str = ""
    ) -> None:
        self.addresses = addresses
        self.key = key
        self.habits = habits
        self.seed = seed
        self.ttl_ms = round(habits.ttl_seconds * 1000)
        self.events = [Event("license", seats=habits.seats, ttl_ms=self.ttl_ms)]
        self.surprises: list[str] = []
        self.refusals: list[str] = []
        self.promised: dict[str, str] = {}
        self.failures = 0
        self._answers = 0
        self._answered = threading.Condition()
        self._stop = threading.Event()
        self._faithful = [
            Faithful(self, f"{name}faithful-{number}", Random(seed * 1_000 + number))
            for number in range(habits.faithful)
        ]
        self._restless = [
            Restless(self, f"{name}device-{number}", Random(seed * 2_000 + number))
            for number in range(habits.restless)
        ]

    def __enter__(self) -> Self:
        """Let the faithful take their seats, then the others come."""
        _start(self._faithful)
        with self._answered:
            assert self._answered.wait_for(self._all_faithful_hold, _ANSWERS_SECONDS), (
                f"the faithful got no seats: {self.surprises}"
            )
        _start(self._restless)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for device in [*self._faithful, *self._restless]:
            if device.ident is not None:
                device.join(_END_SECONDS)

    @property
    def is_over(self) -> bool:
        return self._stop.is_set()

    @property
    def answers(self) -> int:
        """How many calls were answered so that their outcome is known."""
        return self._answers

    def milliseconds(self) -> int:
        """Return what the crowds' clock says; one clock, so that their histories join."""
        return round(time.monotonic() * 1000)

    def pause(self, seconds: float) -> None:
        """Let a device wait, or be told that it is over."""
        self._stop.wait(seconds)

    def add(self, event: Event) -> None:
        with self._answered:
            self.events.append(event)
            self._answers += event.outcome not in {"", "unknown"}
            self._answered.notify_all()

    def note_hold(self, silent_ms: int) -> None:
        """Note that a reclaim hold begins now; the ledger fell silent at ``silent_ms``."""
        hold_ms = round(HOLD_INTERVALS * self.habits.interval_seconds * 1_000)
        longest_ms = self.milliseconds() + STAMP_SECONDS * 1_000 + hold_ms
        self.add(Event("hold", sent_ms=silent_ms, replied_ms=longest_ms))

    def wait_for_calls(self, more: int, *, seconds: float = _ANSWERS_SECONDS) -> None:
        """Return when so many more calls were answered, whatever else failed meanwhile."""
        with self._answered:
            goal = self._answers + more
            assert self._answered.wait_for(lambda: self._answers >= goal, seconds), (
                f"{goal - self._answers} of {more} calls were not answered within {seconds} s; "
                f"{self.failures} failed, surprises: {self.surprises[-3:]}"
            )

    def wait_until_the_faithful_are_back(self, *, seconds: float = _ANSWERS_SECONDS) -> None:
        """Return when every faithful device was answered once more that it holds its seat."""
        since_ms = self.milliseconds()
        with self._answered:
            assert self._answered.wait_for(lambda: self._all_hold_since(since_ms), seconds), (
                f"not all came back within {seconds} s; refusals: {self.refusals[-3:]}, "
                f"surprises: {self.surprises[-3:]}"
            )

    def _all_hold_since(self, since_ms: int) -> bool:
        return all(device.lease_end_ms >= since_ms + self.ttl_ms for device in self._faithful)

    def _all_faithful_hold(self) -> bool:
        return all(device.session for device in self._faithful)


def _start(devices: Sequence[Device]) -> None:
    for device in devices:
        device.start()
