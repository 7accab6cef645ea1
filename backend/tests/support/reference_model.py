"""The store's contract as an obviously right program: dicts, loops, no SQL, no shared rules.

The model is told what the store is told and says what the store must answer. It knows no session
id in advance: ``answers.disagreement`` adopts the store's for a new session. What the vendor
decided is read from the customer.
"""

from collections import Counter
from datetime import datetime, timedelta

from leasing.models import LedgerState
from leasing.store import Acquire, Call, Caller, Heartbeat, Inspect, Reinstate, Release
from tests.support.answers import Answer, ModelSession
from tests.support.clock import ManualClock
from tests.support.customer import HASHER, Customer
from tests.support.ledger import Recorded

DOWN_AFTER_SECONDS = 30
STAMP_SECONDS = 5
LONGEST_HOLD_SECONDS = 1.2 * 8 * 3_600
MOST_INSTANCES = 1_000


class Refused(Exception):
    def __init__(self, outcome: str, reason: str | None = None, in_use: int | None = None) -> None:
        self.answer = Answer(outcome, reason=reason, in_use=in_use)


class ReferenceModel:
    """Every license of an installation, in memory."""

    def __init__(self, clock: ManualClock, *customers: Customer) -> None:
        self._clock = clock
        self._customers = customers
        self._last_alive = clock.now
        self._hold_since: datetime | None = None
        self._sheltered_since = clock.now
        self._gens: Counter[tuple[str, int]] = Counter()
        self.sessions: list[ModelSession] = []
        self._running: dict[Customer, dict[ModelSession, None]] = {one: {} for one in customers}
        self._by_id: dict[str, ModelSession] = {}
        self._unnamed: list[ModelSession] = []
        self.records: list[tuple[str, ModelSession, str]] = []
        self.denials: Counter[tuple[str, str]] = Counter()

    def apply(self, *calls: Call) -> list[Answer]:
        """Return what a batch must answer: kind by kind, each in the order of the calls."""
        self.tick()
        due = self._tokens_due(calls)
        answers: dict[int, Answer] = {}
        for kind in (Heartbeat, Release, Reinstate, Acquire, Inspect):
            for place, call in enumerate(calls):
                if isinstance(call, kind):
                    answers[place] = self._answer(call, has_token_due=due.get(place, False))
        return [answers[place] for place in range(len(calls))]

    def tick(self) -> None:
        """Notice a silence of the ledger, and a clock that was set back."""
        self._begin_anew()
        if self._clock.now - self._last_alive > timedelta(seconds=DOWN_AFTER_SECONDS):
            self._begin_hold()
        self._last_alive = self._clock.now

    def _begin_hold(self) -> None:
        """Shelter who was live at the last stamp: the store's, up to 5 s before it was silent."""
        state = LedgerState.objects.get()
        is_noted = state.hold_since == self._clock.now
        stamp = state.silent_since if is_noted and state.silent_since else state.last_alive_at
        assert self._last_alive - stamp <= timedelta(seconds=STAMP_SECONDS) or is_noted
        since = self._hold_since
        if since is None or stamp >= since + timedelta(seconds=LONGEST_HOLD_SECONDS):
            self._sheltered_since = stamp
        self._sheltered_since = min(self._sheltered_since, stamp)
        self._hold_since = self._clock.now

    def _begin_anew(self) -> None:
        """Have a hold that is to begin later begin now, once the store has noted that."""
        now = self._clock.now
        if self._hold_since is None or self._hold_since <= now:
            return
        if LedgerState.objects.filter(hold_since=now).exists():
            self._hold_since, self._sheltered_since = now, min(self._sheltered_since, now)

    def was_alive(self) -> None:
        """Learn that the ledger was alive all the time until now."""
        self._last_alive = self._clock.now

    def reap(self) -> int:
        """End every session that lapsed for good."""
        self.tick()
        lapsed = [one for one in self.running() if not self._is_held(one)]
        for session in lapsed:
            self._end(session, "expired")
        return len(lapsed)

    def in_use(self, customer: Customer) -> int:
        """Count the seats that nobody else may have now."""
        return sum(self._is_held(one) for one in self.running(customer))

    def records_of(self, customer: Customer) -> list[Recorded]:
        """Return the audit records there must be about a customer's seats."""
        return [
            Recorded(action, session.id, session.slot, reason)
            for action, session, reason in self.records
            if session.customer is customer
        ]

    def denials_of(self, customer: Customer) -> Counter[str]:
        """Return the denials there must be counted of a customer's license, by reason."""
        return Counter(
            {reason: n for (name, reason), n in self.denials.items() if name == customer.name}
        )

    def _answer(self, call: Call, *, has_token_due: bool = False) -> Answer:
        try:
            if isinstance(call, Acquire):
                return self._acquire(call)
            if isinstance(call, Heartbeat):
                return self._heartbeat(call, has_token_due=has_token_due)
            if isinstance(call, Release):
                return self._release(call)
            return self._inspect(call) if isinstance(call, Inspect) else self._come_back(call)
        except Refused as refused:
            return refused.answer

    def _come_back(self, call: Reinstate) -> Answer:
        raise NotImplementedError("reinstating_model.py knows")

    def _acquire(self, call: Acquire) -> Answer:
        customer = self._customer_of(call)
        if refusal := self._refusal(customer):
            self.denials[customer.name, refusal[1]] += 1
            raise Refused(refusal[0])
        session, former_slot = self._own(customer, call.hardware_id)
        is_new = session is None
        if session is None:
            session = self._grant(customer, call.hardware_id, former_slot)
        elif call.instance_id:
            self._make_room(session, call.instance_id)
        self._raise_gen(session)
        end = self._new_end(session)
        session.shares[call.instance_id] = end
        seq = None
        if call.wants_token:
            seq = self._sign(session, call.instance_id, is_new=is_new)
        elif not is_new:
            session.seq = self._after(session.seq)
        in_use = self.in_use(customer)
        return Answer("Lease", session, is_new=is_new, end=end, seq=seq, in_use=in_use)

    def _own(self, customer: Customer, device: str) -> tuple[ModelSession | None, int | None]:
        for session in self.running(customer):
            if session.device == device:
                if self._is_held(session):
                    return session, None
                self._end(session, "expired")
                return None, session.slot
        return None, None

    def _grant(self, customer: Customer, device: str, former_slot: int | None) -> ModelSession:
        in_use = self.in_use(customer)
        if in_use >= customer.license.seats:
            self.denials[customer.name, "seats_exhausted"] += 1
            raise Refused("SeatsExhausted", in_use=in_use)
        session = self._seat(customer, device, former_slot)
        session.started_at = self._clock.now
        self.records.append(("seat.granted", session, ""))
        return session

    def _seat(
        self, customer: Customer, device: str, former_slot: int | None, lowest_gen: int = 0
    ) -> ModelSession:
        slot = self._choose_slot(customer, former_slot)
        for lapsed in self.running(customer):
            if lapsed.slot == slot:
                self._end(lapsed, "taken_over")
        gen = max(self._after(self._gens[customer.name, slot]), lowest_gen)
        self._gens[customer.name, slot] = gen
        session = ModelSession(customer, device, slot, gen)
        self._keep(session)
        self._running[customer][session] = None
        return session

    def _keep(self, session: ModelSession) -> None:
        self.sessions.append(session)
        self._unnamed.append(session)

    def _raise_gen(self, session: ModelSession) -> None:
        """Have a holder who goes on after a hold count as a later one."""
        assert session.slot is not None
        session.gen = max(session.gen, self._floor())
        self._gens[session.customer.name, session.slot] = session.gen

    def _may_have_lost(self, since: datetime | None) -> bool:
        return self._hold_since is not None and since is not None and since < self._hold_since

    def _after(self, count: int) -> int:
        """Return the next gen or seq: no lower than the milliseconds of the last hold's begin."""
        return max(count + 1, self._floor())

    def _floor(self) -> int:
        return int(self._hold_since.timestamp() * 1_000) if self._hold_since else 0

    def _choose_slot(self, customer: Customer, former_slot: int | None) -> int:
        """Choose the former slot, a released one, a new one, a lapsed one: the lowest of a kind."""
        taken = {one.slot: one for one in self.running(customer)}
        slots = range(customer.license.seats)
        was_used = [slot for slot in slots if self._gens[customer.name, slot]]
        kinds = [
            [slot for slot in slots if slot == former_slot],
            [slot for slot in was_used if slot not in taken],
            [slot for slot in slots if slot not in was_used],
            [slot for slot in slots if slot in taken and not self._is_held(taken[slot])],
        ]
        return next(slot for kind in kinds for slot in kind)

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

    def _heartbeat(self, call: Heartbeat, *, has_token_due: bool) -> Answer:
        session = self._session_of(call)
        if session.runs_without_seat(self._clock.now):
            return self._honored(session, has_token_due=call.wants_token or has_token_due)
        if session.ended_because:
            raise Refused("LeaseLost", session.ended_because)
        if not self._is_held(session):
            self._end(session, "expired")
            raise Refused("LeaseLost", "expired")
        if call.instance_id and call.instance_id not in session.shares:
            if self._may_have_lost(session.started_at):
                raise Refused("SessionUnknown")
            raise Refused("LeaseLost", "released")
        if refusal := self._refusal(session.customer):
            raise Refused(refusal[0])
        end = self._new_end(session)
        self._raise_gen(session)
        for name in [call.instance_id] if call.instance_id else session.shares:
            session.shares[name] = end
        signs = call.wants_token or has_token_due
        seq = self._sign(session, call.instance_id) if signs else None
        return Answer("Lease", session, end=end, seq=seq)

    def _honored(self, session: ModelSession, *, has_token_due: bool) -> Answer:
        if refusal := self._refusal(session.customer):
            raise Refused(refusal[0])
        seq = self._sign(session, "") if has_token_due else None
        return Answer("Lease", session, end=session.end, seq=seq)

    def _release(self, call: Release) -> Answer:
        session = self._session_of(call)
        if call.unless_joined_since not in {None, session.seq} and not session.ended_because:
            return Answer("Released")
        if session.runs_without_seat(self._clock.now) and not call.instance_id:
            session.ended_at, session.ended_because = self._clock.now, "released"
            self.records.append(("seat.released", session, "released"))
        if session.ended_because:
            return Answer("Released")
        stays = {
            name: end
            for name, end in session.shares.items()
            if name != call.instance_id and self._lasts(end, session.customer)
        }
        if call.instance_id and stays:
            session.forget(call.instance_id)
        else:
            self._end(session, "released" if session.end > self._clock.now else "expired")
        return Answer("Released")

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

    def _customer_of(self, call: Acquire) -> Customer:
        if call.caller.tenant_id is None:
            return self._customer_of_key(call.caller)
        for customer in self._customers:
            is_its_tenant = str(customer.tenant.id) == call.caller.tenant_id
            if is_its_tenant and HASHER.current(customer.key) in call.key_hmacs:
                return customer
        raise Refused("LicenseUnknown")

    def _customer_of_key(self, caller: Caller) -> Customer:
        for customer in self._customers:
            if HASHER.current(customer.key) in caller.key_hmacs:
                if customer.license.key_auth:
                    return customer
                raise Refused("MissingCredential")
        raise Refused("InvalidCredential")

    def _session_of(self, call: Heartbeat | Release | Inspect) -> ModelSession:
        tenant_id = call.caller.tenant_id
        if tenant_id is None:
            tenant_id = str(self._customer_of_key(call.caller).tenant.id)
        session = self.session_with(call.session_id)
        if session is None or str(session.customer.tenant.id) != tenant_id:
            raise Refused("SessionUnknown")
        return session

    def session_with(self, session_id: str) -> ModelSession | None:
        """Return the session of any tenant that has an id; ids are adopted after the answer."""
        if session_id not in self._by_id:
            self._by_id |= {one.id: one for one in self._unnamed if one.id}
            self._unnamed = [one for one in self._unnamed if not one.id]
        return self._by_id.get(session_id)

    def _refusal(self, customer: Customer) -> tuple[str, str] | None:
        if customer.license.status == "revoked":
            return "LicenseRevoked", "license_revoked"
        if customer.license.status == "suspended":
            return "LicenseSuspended", "license_suspended"
        if customer.license.expires_at <= self._clock.now:
            return "LicenseExpired", "license_expired"
        return None

    def running(self, customer: Customer | None = None) -> list[ModelSession]:
        """Return the sessions that have not ended, of one customer or of all."""
        customers = self._customers if customer is None else (customer,)
        return [session for one in customers for session in self._running[one]]

    def _is_held(self, session: ModelSession) -> bool:
        return self._lasts(session.end, session.customer)

    def _lasts(self, end: datetime, customer: Customer) -> bool:
        if end > self._clock.now:
            return True
        if self._hold_since is None or end <= self._sheltered_since:
            return False
        hold_seconds = 1.2 * customer.license.heartbeat_interval_seconds
        return self._clock.now < self._hold_since + timedelta(seconds=hold_seconds)

    def _new_end(self, session: ModelSession) -> datetime:
        license_ = session.customer.license
        end = min(self._clock.now + timedelta(seconds=license_.ttl_seconds), license_.expires_at)
        return max([end, *session.shares.values()])

    def _sign(self, session: ModelSession, instance: str, *, is_new: bool = False) -> int:
        session.seq = 1 if is_new else self._after(session.seq)
        end = session.ended_at or self._new_end(session)
        session.tokens[instance] = (self._clock.now, end)
        return session.seq

    def _tokens_due(self, calls: tuple[Call, ...]) -> dict[int, bool]:
        """Tell which heartbeats of a batch are due for a token, as things were before it."""
        due = {}
        for place, call in enumerate(calls):
            session = self.session_with(call.session_id) if isinstance(call, Heartbeat) else None
            if session and isinstance(call, Heartbeat):
                due[place] = session.has_token_due(call.instance_id, self._clock.now)
        return due

    def _end(self, session: ModelSession, reason: str) -> None:
        is_over_now = reason == "released" or session.end > self._clock.now
        session.ended_at = self._clock.now if is_over_now else session.end
        session.ended_because = reason
        self._running[session.customer].pop(session)
        action = "seat.released" if reason == "released" else "lease.expired"
        self.records.append((action, session, reason))
