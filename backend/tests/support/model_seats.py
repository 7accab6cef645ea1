"""Seats and sessions as the reference model knows them: who holds what, and who held it before."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from tests.support.answers import ModelSession
from tests.support.clock import ManualClock
from tests.support.customer import Customer
from tests.support.ledger import Recorded
from tests.support.model_hold import ModelHold

Copy = dict[str, Any]


class ModelSeats:
    """Every session there ever was, the seats of those that run, and the records about them.

    It knows no session id in advance: ids are adopted after the answer.
    """

    def __init__(self, clock: ManualClock, hold: ModelHold, *customers: Customer) -> None:
        self._clock = clock
        self._hold = hold
        self.sessions: list[ModelSession] = []
        self.records: list[tuple[str, ModelSession, str]] = []
        self._gens: Counter[tuple[str, int]] = Counter()
        self._running: dict[Customer, dict[ModelSession, None]] = {one: {} for one in customers}
        self._by_id: dict[str, ModelSession] = {}
        self._unnamed: list[ModelSession] = []

    def running(self, customer: Customer | None = None) -> list[ModelSession]:
        """Return the sessions that have not ended, of one customer or of all."""
        customers = self._running if customer is None else (customer,)
        return [session for one in customers for session in self._running[one]]

    def of_device(self, customer: Customer, device: str) -> ModelSession | None:
        """Return the session of a device that has not ended, whether or not it lapsed."""
        return next((one for one in self.running(customer) if one.device == device), None)

    def with_id(self, session_id: str) -> ModelSession | None:
        """Return the session of any tenant that has an id."""
        if session_id not in self._by_id:
            self._by_id |= {one.id: one for one in self._unnamed if one.id}
            self._unnamed = [one for one in self._unnamed if not one.id]
        return self._by_id.get(session_id)

    def in_use(self, customer: Customer) -> int:
        """Count the seats that nobody else may have now."""
        return sum(self.is_held(one) for one in self.running(customer))

    def is_held(self, session: ModelSession) -> bool:
        return self.lasts(session.end, session.customer)

    def lasts(self, end: datetime, customer: Customer) -> bool:
        """Tell whether a share with this end still counts: it runs, or a hold shelters it."""
        interval_seconds = customer.license.heartbeat_interval_seconds
        return end > self._clock.now or self._hold.shelters(end, interval_seconds=interval_seconds)

    def new_end(self, session: ModelSession) -> datetime:
        """Return when a lease ends that is renewed now."""
        license_ = session.customer.license
        end = min(self._clock.now + timedelta(seconds=license_.ttl_seconds), license_.expires_at)
        return max([end, *session.shares.values()])

    def seat(
        self, customer: Customer, device: str, former_slot: int | None, lowest_gen: int = 0
    ) -> ModelSession:
        """Begin a session on a slot that is free, or free for whoever comes."""
        slot = self._choose_slot(customer, former_slot)
        for lapsed in self.running(customer):
            if lapsed.slot == slot:
                self.end(lapsed, "taken_over")
        gen = max(self._hold.after(self._gens[customer.name, slot]), lowest_gen)
        self._gens[customer.name, slot] = gen
        session = ModelSession(customer, device, slot, gen)
        self.keep(session)
        self._running[customer][session] = None
        return session

    def keep(self, session: ModelSession) -> None:
        """Remember a session, which may be without a seat."""
        self.sessions.append(session)
        self._unnamed.append(session)

    def raise_gen(self, session: ModelSession) -> None:
        """Have a holder who goes on after a hold count as a later one."""
        assert session.slot is not None
        session.gen = max(session.gen, self._hold.floor())
        self._gens[session.customer.name, session.slot] = session.gen

    def end(self, session: ModelSession, reason: str, *, is_forced: bool = False) -> None:
        is_over_now = reason == "released" or session.end > self._clock.now
        session.ended_at = self._clock.now if is_over_now else session.end
        session.ended_because = reason
        self._running[session.customer].pop(session)
        released = "seat.force_released" if is_forced else "seat.released"
        action = released if reason == "released" else "lease.expired"
        self.records.append((action, session, reason))

    def records_of(self, customer: Customer) -> list[Recorded]:
        """Return the audit records there must be about a customer's seats."""
        return [
            Recorded(action, session.id, session.slot, reason)
            for action, session, reason in self.records
            if session.customer is customer
        ]

    def copied(self) -> Copy:
        """Return everything that the ledger knows of seats."""
        twins = {id(session): session.copy() for session in self.sessions}
        return {
            "sessions": [twins[id(one)] for one in self.sessions],
            "records": [(action, twins[id(of)], reason) for action, of, reason in self.records],
            "_gens": Counter(self._gens),
        }

    def put_back(self, copied: Copy) -> None:
        """Know no more than at the time of a copy, which may be wanted again."""
        vars(self).update(copied)
        vars(self).update(self.copied())
        self._by_id, self._unnamed = {}, list(self.sessions)
        for customer in self._running:
            own = [one for one in self.sessions if one.customer is customer]
            self._running[customer] = dict.fromkeys(one for one in own if not one.ended_because)

    def _choose_slot(self, customer: Customer, former_slot: int | None) -> int:
        """Choose the former slot, a released one, a new one, a lapsed one: the lowest of a kind."""
        taken = {one.slot: one for one in self.running(customer)}
        slots = range(customer.license.seats)
        was_used = [slot for slot in slots if self._gens[customer.name, slot]]
        kinds = [
            [slot for slot in slots if slot == former_slot],
            [slot for slot in was_used if slot not in taken],
            [slot for slot in slots if slot not in was_used],
            [slot for slot in slots if slot in taken and not self.is_held(taken[slot])],
        ]
        return next(slot for kind in kinds for slot in kind)
