"""The reference model of recovery: it can be put back to a copy, and it believes signed tokens."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from coditect_license_token import hardware_binding
from leasing.rules import Evidence
from leasing.store import Acquire, Call, Heartbeat, Reinstate
from tests.support.answers import Answer, ModelSession
from tests.support.customer import Customer
from tests.support.model_licenses import Refused
from tests.support.model_seats import Copy as SeatsCopy
from tests.support.reference_model import Deed, ReferenceModel

Copy = tuple[SeatsCopy, Counter[tuple[str, str]]]
MOST_AHEAD_SECONDS = 300


class ReinstatingModel(ReferenceModel):
    """The model together with what is outside of the ledger: tokens, and the names of devices."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._devices: dict[str, str] = {}

    def copied(self) -> Copy:
        """Return everything that the ledger knows."""
        return self._seats.copied(), Counter(self._denials)

    def restore(self, copied: Copy) -> str | None:
        """Know no more than at the time of a copy.

        Return what is wrong if the store has not noticed it: a hold must have begun.
        """
        seats, denials = copied
        self._seats.put_back(seats)
        self._denials = Counter(denials)
        return None if self._hold.notice_restore() else "a restore was not noticed"

    def _deeds(self) -> Mapping[type[Call], Deed]:
        return {**super()._deeds(), Reinstate: self._come_back}

    def _acquire(self, call: Acquire) -> Answer:
        license_id = str(self._licenses.named_by(call).license.id)
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
        for customer in self._licenses.open_to(call.caller):
            if str(customer.license.id) == call.evidence.license_id:
                return customer
        raise Refused("SessionUnknown")

    def _bring_back(self, customer: Customer, beat: Heartbeat, evidence: Evidence) -> Answer:
        if not self._in_force(evidence):
            raise Refused("SessionUnknown")
        self._licenses.check_force(customer)
        device = self._devices[evidence.device]
        held = self._seats.of_device(customer, device)
        counted = held is not None and self._seats.is_held(held)
        is_full = self.in_use(customer) - counted >= customer.license.seats
        if is_full or (held is not None and counted and _stays(held, evidence, self._clock.now)):
            session = ModelSession(customer, device, None, evidence.gen)
            session.id, session.seq = beat.session_id, evidence.seq
            self._seats.keep(session)
            self._honor(session, evidence)
            return self._honored(session, has_token_due=True)
        if held is not None:
            self._seats.end(held, "taken_over" if counted else "expired")
        slot = held.slot if held is not None else None
        session = self._seats.seat(customer, device, slot, evidence.gen)
        session.person = beat.caller.principal if beat.caller.tenant_id else None
        return self._returned(session, beat, evidence)

    def _honor(self, session: ModelSession, evidence: Evidence) -> None:
        session.is_honored, session.ended_because = True, "taken_over"
        session.ended_at = evidence.expires_at
        self._seats.records.append(("lease.honored", session, ""))

    def _returned(self, session: ModelSession, beat: Heartbeat, evidence: Evidence) -> Answer:
        session.id, session.seq = beat.session_id, evidence.seq
        session.started_at = evidence.issued_at
        session.shares[""] = evidence.expires_at
        end = self._seats.new_end(session)
        for name in ("", beat.instance_id):
            session.shares[name], session.tokens[name] = end, (self._clock.now, end)
        session.seq = self._hold.after(session.seq)
        self._seats.records.append(("seat.reinstated", session, ""))
        return Answer("Lease", session, end=end, seq=session.seq)

    def _in_force(self, evidence: Evidence) -> bool:
        ahead = evidence.issued_at - self._clock.now
        return ahead <= timedelta(seconds=MOST_AHEAD_SECONDS) and (
            self._clock.now < evidence.expires_at
        )

    def _predates(self, evidence: Evidence, session: ModelSession) -> bool:
        """Tell whether session and token are from before what the ledger may have lost."""
        lost = self._hold.may_have_lost
        are_old = lost(session.started_at) and lost(evidence.issued_at)
        return are_old and self._in_force(evidence)


def _stays(held: ModelSession, evidence: Evidence, now: datetime) -> bool:
    """Tell whether a device's session goes before the one that a token speaks of."""
    return held.gen >= evidence.gen or held.is_borrowed(now)
