"""The reference model of recovery: it can be put back to a copy, and it believes signed tokens."""

from collections import Counter
from datetime import timedelta
from typing import Any

from coditect_license_token import hardware_binding
from leasing.models import LedgerState
from leasing.rules import Evidence
from leasing.store import Acquire, Heartbeat, Reinstate
from tests.support.answers import Answer, ModelSession
from tests.support.customer import Customer
from tests.support.reference_model import ReferenceModel, Refused

Copy = dict[str, Any]
MOST_AHEAD_SECONDS = 300


class ReinstatingModel(ReferenceModel):
    """The model together with what is outside of the ledger: tokens, and the names of devices."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._devices: dict[str, str] = {}

    def copied(self) -> Copy:
        """Return everything that the ledger knows."""
        return {
            "_hold_since": self._hold_since,
            "_sheltered_since": self._sheltered_since,
            "_gens": Counter(self._gens),
            "denials": Counter(self.denials),
            **self._copied_sessions(),
        }

    def restore(self, copied: Copy) -> str | None:
        """Know no more than at the time of a copy.

        Return what is wrong if the store has not noticed it: a hold must have begun.
        """
        vars(self).update(copied)
        vars(self).update(self.copied())  # the copy may be wanted again
        self._index()
        state = LedgerState.objects.get()
        self._last_alive = self._clock.now
        if state.hold_since != self._clock.now or state.silent_since is None:
            return "a restore was not noticed"
        self._hold_since, self._sheltered_since = state.hold_since, state.silent_since
        return None

    def _copied_sessions(self) -> Copy:
        twins = {id(session): session.copy() for session in self.sessions}
        records = [(action, twins[id(of)], reason) for action, of, reason in self.records]
        return {"sessions": [twins[id(one)] for one in self.sessions], "records": records}

    def _index(self) -> None:
        self._by_id, self._unnamed = {}, list(self.sessions)
        for customer in self._running:
            own = [one for one in self.sessions if one.customer is customer]
            self._running[customer] = dict.fromkeys(one for one in own if not one.ended_because)

    def _acquire(self, call: Acquire) -> Answer:
        license_id = str(self._customer_of(call).license.id)
        self._devices[hardware_binding(license_id, call.hardware_id)] = call.hardware_id
        return super()._acquire(call)

    def _come_back(self, call: Reinstate) -> Answer:
        customer, beat = self._customer_named(call), call.heartbeat
        own = [one for one in self.sessions if one.customer is customer]
        session = next((one for one in own if one.id == beat.session_id), None)
        if session is None:
            return self._bring_back(customer, beat, call.evidence)
        if session.runs_without_seat(self._clock.now):
            if call.evidence.expires_at > session.end and self._in_force(call.evidence):
                self._honor(session, call.evidence)
            return self._honored(session, has_token_due=True)
        known = beat.instance_id in {"", *session.shares}
        if not session.ended_because and not known and self._predates(call.evidence, session):
            session.shares[beat.instance_id] = session.end
        return self._heartbeat(beat, has_token_due=True)

    def _customer_named(self, call: Reinstate) -> Customer:
        if call.caller.tenant_id is None:
            callers = {self._customer_of_key(call.caller)}
        else:
            callers = {
                one for one in self._customers if str(one.tenant.id) == call.caller.tenant_id
            }
        for customer in callers:
            if str(customer.license.id) == call.evidence.license_id:
                return customer
        raise Refused("SessionUnknown")

    def _bring_back(self, customer: Customer, beat: Heartbeat, evidence: Evidence) -> Answer:
        if not self._in_force(evidence):
            raise Refused("SessionUnknown")
        if refusal := self._refusal(customer):
            raise Refused(refusal[0])
        device = self._devices[evidence.device]
        held = next((one for one in self.running(customer) if one.device == device), None)
        counted = held is not None and self._is_held(held)
        is_full = self.in_use(customer) - counted >= customer.license.seats
        if is_full or (held is not None and counted and held.gen >= evidence.gen):
            session = ModelSession(customer, device, None, evidence.gen)
            session.id, session.seq = beat.session_id, evidence.seq
            self._keep(session)
            self._honor(session, evidence)
            return self._honored(session, has_token_due=True)
        if held is not None:
            self._end(held, "taken_over" if counted else "expired")
        slot = held.slot if held is not None else None
        session = self._seat(customer, device, slot, evidence.gen)
        return self._returned(session, beat, evidence)

    def _honor(self, session: ModelSession, evidence: Evidence) -> None:
        session.is_honored, session.ended_because = True, "taken_over"
        session.ended_at = evidence.expires_at
        self.records.append(("lease.honored", session, ""))

    def _returned(self, session: ModelSession, beat: Heartbeat, evidence: Evidence) -> Answer:
        session.id, session.seq = beat.session_id, evidence.seq
        session.started_at = evidence.issued_at
        session.shares[""] = evidence.expires_at
        end = self._new_end(session)
        for name in ("", beat.instance_id):
            session.shares[name], session.tokens[name] = end, (self._clock.now, end)
        session.seq = self._after(session.seq)
        self.records.append(("seat.reinstated", session, ""))
        return Answer("Lease", session, end=end, seq=session.seq)

    def _in_force(self, evidence: Evidence) -> bool:
        ahead = evidence.issued_at - self._clock.now
        return ahead <= timedelta(seconds=MOST_AHEAD_SECONDS) and (
            self._clock.now < evidence.expires_at
        )

    def _predates(self, evidence: Evidence, session: ModelSession) -> bool:
        """Tell whether session and token are from before what the ledger may have lost."""
        are_old = self._may_have_lost(session.started_at) and self._may_have_lost(
            evidence.issued_at
        )
        return are_old and self._in_force(evidence)
