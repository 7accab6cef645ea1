"""The judge: compares every committed batch with the reference model, call by call.

What differs is named by the promise it breaks. The judge also remembers what was committed, so
that no program is told anything else (S14).
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from leasing.models import LedgerState, Seat
from leasing.store import (
    Acquire,
    Borrow,
    Call,
    ForceRelease,
    Heartbeat,
    Inspect,
    Lease,
    Outcome,
    Reinstate,
    Release,
)
from tests.support.answers import Answer, disagreement
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.model_hold import DOWN_AFTER_SECONDS, STAMP_SECONDS, ModelHold
from tests.support.reference_model import ReferenceModel
from tests.support.simulation.clocks import DatabaseClock
from tests.support.simulation.promises import PromiseBroken


class PatientHold(ModelHold):
    """The hold of a ledger whose stamp may be some seconds off: when in doubt, it looks."""

    def __init__(self, clock: ManualClock, on_hold: Callable[[datetime], None]) -> None:
        super().__init__(clock)
        self._on_hold = on_hold

    def tick(self) -> None:
        self._begin_anew()
        silence = (self._clock.now - self._last_alive).total_seconds()
        is_long = silence > DOWN_AFTER_SECONDS + STAMP_SECONDS
        if is_long or (silence > DOWN_AFTER_SECONDS - STAMP_SECONDS and self._is_noted()):
            self._begin()
        self._last_alive = self._clock.now

    def _is_noted(self) -> bool:
        return LedgerState.objects.filter(hold_since=self._clock.now).exists()

    def _begin(self) -> None:
        self._on_hold(self._last_alive)
        super()._begin()


class Judge:
    """Judges what a store commits, across all restarts of a run."""

    def __init__(
        self,
        clock: DatabaseClock,
        customers: Sequence[Customer],
        on_hold: Callable[[datetime], None],
    ) -> None:
        self._clock = clock
        self._model_clock = ManualClock(clock())
        self._customers = {str(customer.tenant.id): customer for customer in customers}
        hold = PatientHold(self._model_clock, on_hold)
        self.model = ReferenceModel(self._model_clock, *customers, hold=hold)
        self.limits: dict[str, int] = {}
        self._committed: dict[int, tuple[Call, list[Outcome]]] = {}

    def committed(self, calls: Sequence[Call], outcomes: Sequence[Outcome]) -> None:
        """Judge a batch at the instant of its commit."""
        self._model_clock.now = self._clock()
        answers = self.model.apply(*calls)
        for call, answer, outcome in zip(calls, answers, outcomes, strict=True):
            if isinstance(outcome, Lease):
                self._check_lease(call, outcome)
            if difference := disagreement(answer, outcome):
                raise self._broken(_promise(answer, outcome), call, difference)
            self._committed.setdefault(id(call), (call, []))[1].append(outcome)

    def ticked(self) -> None:
        """Take in that the ledger was stamped."""
        self._model_clock.now = self._clock()
        self.model.tick()

    def reaped(self, count: int) -> None:
        """Judge how many sessions were ended."""
        self._model_clock.now = self._clock()
        if count != (expected := self.model.reap()):
            raise PromiseBroken("S9", f"{count} sessions reaped, not {expected}", license="*")

    def check_told(self, call: Call, outcome: Outcome) -> None:
        """Check that what is told was committed, and for this very call."""
        _, outcomes = self._committed.get(id(call), (call, []))
        if not any(one is outcome for one in outcomes):
            told = type(outcome).__name__
            raise self._broken("S14", call, f"{told} was told, but not committed for this call")

    def forget(self, call: Call, outcome: Outcome) -> None:
        """Let go of what was told."""
        _, outcomes = self._committed.get(id(call), (call, []))
        if places := [place for place, one in enumerate(outcomes) if one is outcome]:
            del outcomes[places[0]]
        if not outcomes:
            self._committed.pop(id(call), None)

    def check_ledger(self) -> None:
        """Check, after a restart, that the ledger holds every seat it ever acknowledged (S14)."""
        found = {
            str(session): end
            for session, end in Seat.across_tenants.filter(session_id__isnull=False).values_list(
                "session_id", "lease_expires_at"
            )
        }
        for session in self.model.running():
            if found.pop(session.id, None) != session.end:
                name, device = session.customer.name, session.device
                raise PromiseBroken("S14", "a seat is not kept", license=name, device=device)
        if found:
            raise PromiseBroken("S14", "a seat is held that nobody was granted", license="*")

    def _check_lease(self, call: Call, lease: Lease) -> None:
        if lease.is_new:
            self.limits[lease.session_id] = self._customers[lease.terms.tenant_id].license.seats
        if lease.now != self._clock():
            raise self._broken("S13", call, f"decided at {lease.now}, not by the ledger's clock")

    def _broken(self, promise: str, call: Call, sentence: str) -> PromiseBroken:
        customer = self._customers.get(call.caller.tenant_id or "")
        device = call.hardware_id if isinstance(call, Acquire) else self._device_of(call)
        name = customer.name if customer else "*"
        return PromiseBroken(promise, sentence, license=name, device=device)

    def _device_of(
        self, call: Heartbeat | Reinstate | Release | ForceRelease | Borrow | Inspect
    ) -> str:
        beat = call.heartbeat if isinstance(call, Reinstate) else call
        session = self.model.session_with(beat.session_id)
        return session.device if session else "?"


def _promise(answer: Answer, outcome: Outcome) -> str:
    """Return which promise is broken by an outcome that is not the answer there must be."""
    seen = type(outcome).__name__
    if isinstance(outcome, Lease) and answer.outcome == "Lease":
        return _promise_of_lease(answer, outcome)
    return {
        ("SeatsExhausted", "Lease"): "S1",
        ("Lease", "SeatsExhausted"): "S3",
        ("Lease", "LeaseLost"): "S2",
        ("Lease", "SessionUnknown"): "S2",
        ("LeaseLost", "Lease"): "S9",
        ("SessionUnknown", "Lease"): "S11",
        ("SessionUnknown", "Released"): "S11",
        ("Released", "SessionUnknown"): "S5",
    }.get((answer.outcome, seen), "model")


def _promise_of_lease(answer: Answer, lease: Lease) -> str:
    assert answer.session is not None
    assert answer.end is not None
    if (answer.session.id, answer.is_new) != (lease.session_id, lease.is_new):
        return "S4"
    if answer.session.gen != lease.gen:
        return "S6"
    if answer.end != lease.lease_expires_at:
        return "S7" if lease.lease_expires_at < answer.end else "S9"
    return "model"
