"""The store's contract as an obviously right program: dicts, loops, no SQL, no shared rules.

The model is told what the store is told and says what the store must answer. It knows no session
id in advance: ``answers.disagreement`` adopts the store's for a new session. What the vendor
decided is read from the customer.

What it knows is apart from what it does: seats in ``model_seats``, reclaim holds in
``model_hold``, callers and their licenses in ``model_licenses``.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from leasing.store import (
    Acquire,
    Borrow,
    Call,
    Caller,
    ForceRelease,
    Heartbeat,
    Inspect,
    Reinstate,
    Release,
)
from tests.support.answers import Answer, ModelSession
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.ledger import Recorded
from tests.support.model_hold import ModelHold
from tests.support.model_licenses import ModelLicenses, Refused
from tests.support.model_seats import ModelSeats

MOST_INSTANCES = 1_000
Deed = Callable[[Any], Answer]
_KINDS_IN_ORDER: Final = (
    Heartbeat,
    Release,
    ForceRelease,
    Reinstate,
    Acquire,
    Borrow,
    Inspect,
)


class ReferenceModel:
    """Every license of an installation, in memory; it knows no recovery, so no ``Reinstate``."""

    def __init__(
        self, clock: ManualClock, *customers: Customer, hold: ModelHold | None = None
    ) -> None:
        self._clock = clock
        self._hold = hold or ModelHold(clock)
        self._licenses = ModelLicenses(clock, *customers)
        self._seats = ModelSeats(clock, self._hold, *customers)
        self._denials: Counter[tuple[str, str]] = Counter()
        self._due: set[tuple[str, str]] = set()

    def apply(self, *calls: Call) -> list[Answer]:
        """Return what a batch must answer: kind by kind, each in the order of the calls."""
        self.tick()
        self._due = self._tokens_due(calls)
        deeds, answers = self._deeds(), dict[int, Answer]()
        for kind in _KINDS_IN_ORDER:
            for place, call in enumerate(calls):
                if isinstance(call, kind):
                    answers[place] = _answer(deeds[kind], call)
        return [answers[place] for place in range(len(calls))]

    def tick(self) -> None:
        """Notice a silence of the ledger, and a clock that was set back."""
        self._hold.tick()

    def was_alive(self) -> None:
        """Learn that the ledger was alive all the time until now."""
        self._hold.was_alive()

    def reap(self) -> int:
        """End every session that lapsed for good."""
        self.tick()
        lapsed = [one for one in self.running() if not self._seats.is_held(one)]
        for session in lapsed:
            self._seats.end(session, "expired")
        return len(lapsed)

    @property
    def sessions(self) -> list[ModelSession]:
        """Every session there ever was."""
        return self._seats.sessions

    def running(self) -> list[ModelSession]:
        """Return the sessions that have not ended."""
        return self._seats.running()

    def session_with(self, session_id: str) -> ModelSession | None:
        """Return the session of any tenant that has an id."""
        return self._seats.with_id(session_id)

    def in_use(self, customer: Customer) -> int:
        """Count the seats that nobody else may have now."""
        return self._seats.in_use(customer)

    def records_of(self, customer: Customer) -> list[Recorded]:
        """Return the audit records there must be about a customer's seats."""
        return self._seats.records_of(customer)

    def denials_of(self, customer: Customer) -> Counter[str]:
        """Return the denials there must be counted of a customer's license, by reason."""
        return Counter(
            {reason: n for (name, reason), n in self._denials.items() if name == customer.name}
        )

    def _deeds(self) -> Mapping[type[Call], Deed]:
        """Return what to do for each kind of call."""
        return {
            Heartbeat: self._beat,
            Release: self._release,
            ForceRelease: self._force_release,
            Acquire: self._acquire,
            Borrow: self._borrow,
            Inspect: self._inspect,
        }

    def _acquire(self, call: Acquire) -> Answer:
        customer = self._licenses.named_by(call)
        if refusal := self._licenses.refusal(customer):
            self._denials[customer.name, refusal[1]] += 1
            raise Refused(refusal[0])
        session, former_slot = self._own(customer, call.hardware_id)
        is_new = session is None
        if session is None:
            self._check_personal_cap(customer, call.caller)
            session = self._grant(customer, call.hardware_id, former_slot)
            session.person = _person(call.caller)
        elif call.instance_id:
            self._make_room(session, call.instance_id)
        self._seats.raise_gen(session)
        end = self._seats.new_end(session)
        session.shares[call.instance_id] = end
        seq = None
        if call.wants_token:
            seq = self._sign(session, call.instance_id, is_new=is_new)
        elif not is_new:
            session.seq = self._hold.after(session.seq)
        in_use = self.in_use(customer)
        return Answer("Lease", session, is_new=is_new, end=end, seq=seq, in_use=in_use)

    def _own(self, customer: Customer, device: str) -> tuple[ModelSession | None, int | None]:
        """Return a device's session, or the slot that it had until it lapsed."""
        session = self._seats.of_device(customer, device)
        if session is None or self._seats.is_held(session):
            return session, None
        self._seats.end(session, "expired")
        return None, session.slot

    def _check_personal_cap(self, customer: Customer, caller: Caller) -> None:
        """A person who holds as many seats as one may gets no other; nobody else is asked."""
        person, cap = _person(caller), customer.license.seats_per_person
        if person is None or not cap:
            return
        theirs = [one for one in self._seats.running(customer) if one.person == person]
        if sum(self._seats.is_held(one) for one in theirs) >= cap:
            self._denials[customer.name, "personal_cap_reached"] += 1
            raise Refused("PersonalCapReached")

    def _grant(self, customer: Customer, device: str, former_slot: int | None) -> ModelSession:
        in_use = self.in_use(customer)
        if in_use >= customer.license.seats:
            self._denials[customer.name, "seats_exhausted"] += 1
            raise Refused("SeatsExhausted", in_use=in_use)
        session = self._seats.seat(customer, device, former_slot)
        session.started_at = self._clock.now
        self._seats.records.append(("seat.granted", session, ""))
        return session

    def _make_room(self, session: ModelSession, instance: str) -> None:
        others = {name for name in session.shares if name not in {"", instance}}
        if len(others) < MOST_INSTANCES:
            return
        for name in list(others):
            if session.shares[name] <= self._clock.now:
                session.forget(name)
                others.remove(name)
        if len(others) >= MOST_INSTANCES:
            raise Refused("TooManyInstances")

    def _beat(self, call: Heartbeat) -> Answer:
        return self._heartbeat(call, has_token_due=(call.session_id, call.instance_id) in self._due)

    def _heartbeat(self, call: Heartbeat, *, has_token_due: bool) -> Answer:
        session = self._session_of(call)
        if session.runs_without_seat(self._clock.now):
            return self._honored(session, has_token_due=call.wants_token or has_token_due)
        if session.ended_because:
            raise Refused("LeaseLost", session.ended_because)
        if not self._seats.is_held(session):
            self._seats.end(session, "expired")
            raise Refused("LeaseLost", "expired")
        if call.instance_id and call.instance_id not in session.shares:
            if self._hold.may_have_lost(session.started_at):
                raise Refused("SessionUnknown")
            raise Refused("LeaseLost", "released")
        self._licenses.check_force(session.customer)
        end = self._seats.new_end(session)
        self._seats.raise_gen(session)
        for name in [call.instance_id] if call.instance_id else session.shares:
            session.shares[name] = end
        signs = call.wants_token or has_token_due
        seq = self._sign(session, call.instance_id) if signs else None
        return Answer("Lease", session, end=end, seq=seq)

    def _honored(self, session: ModelSession, *, has_token_due: bool) -> Answer:
        self._licenses.check_force(session.customer)
        seq = self._sign(session, "") if has_token_due else None
        return Answer("Lease", session, end=session.end, seq=seq)

    def _release(self, call: Release) -> Answer:
        session = self._session_of(call)
        if call.unless_joined_since not in {None, session.seq} and not session.ended_because:
            return Answer("Released")
        if session.runs_without_seat(self._clock.now) and not call.instance_id:
            session.ended_at, session.ended_because = self._clock.now, "released"
            self._seats.records.append(("seat.released", session, "released"))
        if session.ended_because:
            return Answer("Released")
        stays = {
            name: end
            for name, end in session.shares.items()
            if name != call.instance_id and self._seats.lasts(end, session.customer)
        }
        is_borrowed = session.is_borrowed(self._clock.now) and call.unless_joined_since is None
        if call.instance_id and stays:
            session.forget(call.instance_id)
        elif is_borrowed and session.borrowed_until:
            for name in [name for name in session.shares if name]:
                session.forget(name)
            session.shares[""] = session.borrowed_until
        else:
            self._seats.end(session, "released" if session.end > self._clock.now else "expired")
        return Answer("Released")

    def _force_release(self, call: ForceRelease) -> Answer:
        session = self._session_of(call)
        if session.runs_without_seat(self._clock.now):
            session.ended_at, session.ended_because = self._clock.now, "released"
            self._seats.records.append(("seat.force_released", session, "released"))
        elif not session.ended_because:
            if session.is_borrowed(self._clock.now) and not call.even_if_borrowed:
                raise Refused("SeatBorrowed")
            reason = "released" if session.end > self._clock.now else "expired"
            self._seats.end(session, reason, is_forced=True)
        return Answer("ForceReleased", session, end=session.ended_at, reason=session.ended_because)

    def _borrow(self, call: Borrow) -> Answer:
        session = self._session_of(call)
        if session.ended_because:
            raise Refused("LeaseLost", session.ended_because)
        if not self._seats.is_held(session):
            raise Refused("LeaseLost", "expired")
        self._licenses.check_force(session.customer)
        license_ = session.customer.license
        if call.until > license_.expires_at:
            raise Refused("LicenseExpired")
        if license_.offline_seconds == 0:
            raise Refused("BorrowingOff")
        if (call.until - self._clock.now).total_seconds() > license_.offline_seconds:
            raise Refused("LoanTooLong")
        session.borrowed_until = max(call.until, session.borrowed_until or call.until)
        session.shares[""] = max(call.until, session.shares.get("", call.until))
        self._seats.records.append(("seat.borrowed", session, ""))
        return Answer("Lease", session, end=session.end)

    def _inspect(self, call: Inspect) -> Answer:
        session = self._session_of(call)
        if session.runs_without_seat(self._clock.now):
            return Answer("SessionState", session, end=session.end)
        if session.ended_because:
            reason = session.ended_because
            return Answer("SessionState", session, end=session.end, reason=reason)
        now = self._clock.now
        live = sorted(name for name, end in session.shares.items() if name and end > now)
        lapsed = None if session.end > now else "expired"
        return Answer(
            "SessionState", session, end=session.end, reason=lapsed, instances=tuple(live)
        )

    def _session_of(
        self, call: Heartbeat | Release | ForceRelease | Borrow | Inspect
    ) -> ModelSession:
        tenant_id = self._licenses.tenant_of(call.caller)
        session = self.session_with(call.session_id)
        if session is None or str(session.customer.tenant.id) != tenant_id:
            raise Refused("SessionUnknown")
        return session

    def _sign(self, session: ModelSession, instance: str, *, is_new: bool = False) -> int:
        session.seq = 1 if is_new else self._hold.after(session.seq)
        end = session.ended_at or self._seats.new_end(session)
        session.tokens[instance] = (self._clock.now, end)
        return session.seq

    def _tokens_due(self, calls: tuple[Call, ...]) -> set[tuple[str, str]]:
        """Return the sessions and programs of heartbeats due for a token before their batch."""
        return {
            (call.session_id, call.instance_id)
            for call in calls
            if isinstance(call, Heartbeat)
            and (session := self.session_with(call.session_id))
            and session.has_token_due(call.instance_id, self._clock.now)
        }


def _person(caller: Caller) -> str | None:
    return caller.principal if caller.principal.startswith("user:") else None


def _answer(deed: Deed, call: Call) -> Answer:
    try:
        return deed(call)
    except Refused as refused:
        return refused.answer
