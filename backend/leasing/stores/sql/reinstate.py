"""Reinstate: a signed token brings back a session that the ledger has lost (docs/adr/0010).

For the time after a restore or a failover, and one call at a time: each is rare.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import structs

from leasing.errors import LeaseLost, SessionUnknown
from leasing.rules import (
    UNNAMED,
    Holding,
    Terms,
    is_evidence_in_force,
    is_evidence_of,
    lease_end,
    loss,
    may_grant,
    may_have_lost,
    next_count,
    refusal,
)
from leasing.store import Lease, Outcome, Reinstate
from leasing.stores.sql.callers import REFUSALS, Admitted, admit, check_license, person_of
from leasing.stores.sql.claims import Claims, FreeSeat
from leasing.stores.sql.honored import honor, honored_lease
from leasing.stores.sql.renewals import Renewals, Row, read_rows, token_life
from leasing.stores.sql.rows import Grant, Share
from leasing.stores.sql.session_record import SessionRecord, session_record
from leasing.stores.sql.terms import read_terms
from leasing.stores.sql.transaction import Transaction, as_hex, as_instant, as_text

_TERMS: Final = msgspec.json.Decoder(list[tuple[int, msgspec.Raw]])
_HOLDINGS: Final = msgspec.json.Decoder(list[tuple[int, Holding, int]])


def reinstate_all(transaction: Transaction, calls: Mapping[int, Reinstate]) -> dict[int, Outcome]:
    """Return the outcome of each reinstatement by its place in the batch.

    A token that brings nothing back is answered as if none had been shown: SessionUnknown.
    """
    admitted, outcomes = admit(transaction, calls)
    terms = _terms_of(transaction, admitted)
    for place, asked in admitted.items():
        try:
            outcomes[place] = _reinstate(transaction, asked, terms.get(place))
        except REFUSALS as error:
            outcomes[place] = error
    return outcomes


def _terms_of(
    transaction: Transaction, admitted: Mapping[int, Admitted[Reinstate]]
) -> dict[int, Terms]:
    """Read the licenses that the tokens name, in the callers' own tenants and nowhere else."""
    wanted = [
        (place, asked.tenant, as_hex(asked.call.evidence.license_id))
        for place, asked in admitted.items()
    ]
    found = _TERMS.decode(transaction.found(transaction.sql.TERMS_OF_LICENSES, wanted))
    return {place: read_terms(text) for place, text in found}


def _reinstate(transaction: Transaction, asked: Admitted[Reinstate], terms: Terms | None) -> Lease:
    if terms is None or not is_evidence_of(asked.call.evidence, terms):
        raise _unknown()
    check_license(asked.only_license, as_hex(terms.license_id))
    one = _Reinstatement(transaction, asked, terms)
    if row := one.held():
        return one.join(row)
    known = one.known()
    if known is None:
        return one.bring_back()
    if known.end <= transaction.now:
        raise LeaseLost(known.end_reason)
    return one.honor_longer(known)


def _unknown() -> SessionUnknown:
    return SessionUnknown("no such session")


class _Reinstatement:
    """One token, shown for one session; the license it names is the caller's."""

    def __init__(self, transaction: Transaction, asked: Admitted[Reinstate], terms: Terms) -> None:
        self._transaction = transaction
        self._terms = terms
        self._call = structs.replace(asked.call.heartbeat, wants_token=True)
        self._evidence = asked.call.evidence
        self._tenant = asked.tenant
        self._session = as_hex(self._call.session_id)

    def held(self) -> Row | None:
        """Return the seat that the session holds, locked."""
        found = self._found(self._transaction.sql.HOLDINGS, self._session)
        return next(iter(read_rows(found)), None)

    def known(self) -> SessionRecord | None:
        """Return what is known about the session, also when it is over."""
        return session_record(self._transaction, self._tenant, self._session)

    def join(self, row: Row) -> Lease:
        """Renew a session that is there: brought back by another program of its device.

        A program that the ledger does not know may come back too, with a token from before.
        """
        if row.holding.device != self._evidence.device:
            raise _unknown()
        if not row.instance_known and self._may_have_lost_share():
            row = structs.replace(row, instance_known=True)
        return Renewals(self._transaction).decide(self._call, row)

    def _may_have_lost_share(self) -> bool:
        evidence, transaction = self._evidence, self._transaction
        known = self.known()
        return (
            known is not None
            and may_have_lost(transaction.hold, as_instant(known.started_at))
            and may_have_lost(transaction.hold, evidence.issued_at)
            and is_evidence_in_force(evidence, transaction.now)
        )

    def bring_back(self) -> Lease:
        """Give the session a seat, or let it run to the end of its token without one."""
        if not is_evidence_in_force(self._evidence, self._transaction.now):
            raise _unknown()
        if refused := refusal(self._terms, self._transaction.now):
            raise refused
        claims = Claims(self._transaction, self._terms, most=1)
        seat = self._seat(claims)
        return self._honor() if seat is None else self._grant(claims, *seat)

    def honor_longer(self, known: SessionRecord) -> Lease:
        """Let an honored session run to the end of this token too, if that is later."""
        evidence, now = self._evidence, self._transaction.now
        if evidence.expires_at > known.end and is_evidence_in_force(evidence, now):
            honor(self._transaction, self._tenant, self._call, evidence)
        return self._honored()

    def _honor(self) -> Lease:
        """Let the session run to the end of its token, and no longer."""
        honor(self._transaction, self._tenant, self._call, self._evidence)
        return self._honored()

    def _honored(self) -> Lease:
        lease = honored_lease(self._transaction, self._tenant, self._call)
        if lease is None:
            raise _unknown()
        return lease

    def _seat(self, claims: Claims) -> FreeSeat | None:
        """Return a seat for the device, or None when there is none for this session.

        A session that its device has begun later stays, and one whose seat is borrowed (S10). Any
        other that it had before ends.
        """
        held = self._held_by_device()
        if held is None:
            return claims.find(None)
        is_over = self._loss_of(held) is not None
        if not is_over and (held.gen >= self._evidence.gen or self._is_borrowed(held)):
            return None
        others = claims.occupancy.live if is_over else claims.occupancy.live - 1
        if not may_grant(live=others, cap=self._terms.cap):
            return None
        self._transaction.end_session(
            tenant=self._tenant,
            license=claims.license,
            slot=held.slot,
            session=as_hex(held.session_id),
            reason="expired" if is_over else "taken_over",
            lease_expires_at=held.lease_expires_at,
        )
        return claims.find(held)

    def _held_by_device(self) -> Holding | None:
        wanted = as_hex(self._terms.license_id), self._evidence.device
        found = self._found(self._transaction.sql.HOLDINGS_OF_DEVICES, *wanted)
        return next((holding for _, holding, _ in _HOLDINGS.decode(found)), None)

    def _is_borrowed(self, held: Holding) -> bool:
        known = session_record(self._transaction, self._tenant, as_hex(held.session_id))
        return known is not None and known.is_borrowed(self._transaction.now)

    def _loss_of(self, held: Holding) -> LeaseLost | None:
        now, hold = self._transaction.now, self._transaction.hold
        return loss(self._terms, held.lease_expires_at, hold=hold, now=now)

    def _found(self, statement: str, *parts: str) -> str:
        wanted = (0, self._tenant, *parts, self._call.instance_id)
        return self._transaction.found(statement, [wanted])

    def _grant(self, claims: Claims, slot: int, last_gen: int) -> Lease:
        transaction, evidence = self._transaction, self._evidence
        lowest = transaction.lowest_count
        lease = Lease(
            terms=self._terms,
            session_id=self._call.session_id,
            device=evidence.device,
            gen=max(evidence.gen, next_count(last_gen, lowest)),
            lease_expires_at=lease_end(self._terms, transaction.now, evidence.expires_at),
            now=transaction.now,
            seq=next_count(evidence.seq, lowest),
        )
        self._note_grant(claims, lease, slot)
        claims.occupancy.granted(slot, lease.lease_expires_at)
        return lease

    def _note_grant(self, claims: Claims, lease: Lease, slot: int) -> None:
        """Gather what changes: the seat, the session, the shares of it, the record.

        Other programs of the device may hold tokens too: until those end there is a share for all.
        """
        transaction, call = self._transaction, self._call
        end = as_text(lease.lease_expires_at)
        life = token_life(transaction, call, lease.lease_expires_at)
        transaction.changes.grant(
            Grant(
                tenant=self._tenant,
                license=claims.license,
                slot=slot,
                session=self._session,
                device=lease.device,
                gen=lease.gen,
                ends=end,
                unnamed_ends=end,
                principal=call.caller.principal,
                metadata_json="{}",
                started_at=as_text(self._evidence.issued_at),
                seq=lease.seq or 0,
                token_issued_at=life[0],
                token_ends=life[1],
                person=person_of(self._terms, call.caller),
                is_shared=call.instance_id != UNNAMED,
            )
        )
        if call.instance_id != UNNAMED:
            share = Share(self._tenant, self._session, call.instance_id, end, *life)
            transaction.changes.put_share(share)
        transaction.record(
            "seat.reinstated",
            tenant=self._tenant,
            license=claims.license,
            session=self._session,
            principal=call.caller.principal,
            slot=slot,
            gen=lease.gen,
            shown_gen=self._evidence.gen,
        )
