"""Heartbeats: one read and one write for a whole batch of them."""

from typing import Final

import msgspec
from msgspec import Struct, structs

from identity.errors import IdentityError
from leasing.errors import LeaseLost, LeasingError, SessionUnknown
from leasing.rules import UNNAMED, Holding, Terms, is_token_due, lease_end, loss, refusal
from leasing.store import Heartbeat, Lease, Outcome
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.callers import check_license, tenant_of
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex, as_text
from licenses.errors import LicenseRefused


class _Row(Struct, frozen=True, array_like=True, gc=False):
    position: int
    terms: Terms
    holding: Holding
    instance_known: bool
    has_instances: bool


class _Wanted(Struct, frozen=True, gc=False):
    call: Heartbeat
    tenant: str
    only_license: str | None


_ROWS: Final = msgspec.json.Decoder(list[_Row])


class Renewals:
    """What a batch of heartbeats writes, gathered while it decides."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._latest: dict[str, Holding] = {}
        self._seats: dict[str, tuple[str, str, int, str, str | None]] = {}
        self._tokens: dict[str, tuple[str, str, int, str, str]] = {}
        self._sessions: dict[str, tuple[str, str, str]] = {}
        self._ended: dict[str, LeaseLost] = {}

    def decide(self, call: Heartbeat, row: _Row) -> Lease:
        """Return the lease as it will be once this batch is written.

        Raises LeaseLost or LicenseRefused.
        """
        if ended := self._ended.get(row.holding.session_id):
            raise ended
        held = self._latest.get(row.holding.session_id, row.holding)
        self._check_in_time(row.terms, held)
        if call.instance_id != UNNAMED and not row.instance_known:
            raise LeaseLost("released")
        if refused := refusal(row.terms, self._transaction.now):
            raise refused
        return self._renew(call, row, held)

    def write(self) -> None:
        """Write every renewal of the batch, each table in one statement."""
        run = self._transaction.run
        if self._seats:
            run(sql.RENEW_SEATS, renewals=ENCODER.encode(list(self._seats.values())).decode())
        if self._tokens:
            run(sql.NOTE_TOKENS, tokens=ENCODER.encode(list(self._tokens.values())).decode())
        if self._sessions:
            renewals = ENCODER.encode(list(self._sessions.values())).decode()
            run(sql.RENEW_ALL_INSTANCES, renewals=renewals)

    def _check_in_time(self, terms: Terms, held: Holding) -> None:
        now, hold_since = self._transaction.now, self._transaction.hold_since
        lost = loss(terms, held.lease_expires_at, hold_since=hold_since, now=now)
        if lost is None:
            return
        self._transaction.end_session(
            tenant=as_hex(terms.tenant_id),
            license=as_hex(terms.license_id),
            slot=held.slot,
            session=as_hex(held.session_id),
            reason=lost.reason,
            lease_expires_at=held.lease_expires_at,
        )
        self._ended[held.session_id] = lost
        raise lost

    def _renew(self, call: Heartbeat, row: _Row, held: Holding) -> Lease:
        now, terms = self._transaction.now, row.terms
        end = lease_end(terms, now, held.lease_expires_at)
        is_unnamed = call.instance_id == UNNAMED
        due = call.wants_token or is_token_due(
            row.holding.token_issued_at, row.holding.token_expires_at, now
        )
        seq = held.seq + 1 if due else held.seq
        renewed = structs.replace(
            held,
            lease_expires_at=end,
            unnamed_expires_at=end
            if is_unnamed and held.unnamed_expires_at
            else held.unnamed_expires_at,
            seq=seq,
        )
        self._note(call, row, renewed, due=due)
        return Lease(
            terms=terms,
            session_id=held.session_id,
            device=held.device,
            gen=held.gen,
            lease_expires_at=end,
            now=now,
            seq=seq if due else None,
        )

    def _note(self, call: Heartbeat, row: _Row, renewed: Holding, *, due: bool) -> None:
        tenant, session = as_hex(row.terms.tenant_id), as_hex(renewed.session_id)
        end, unnamed = as_text(renewed.lease_expires_at), renewed.unnamed_expires_at
        self._latest[renewed.session_id] = renewed
        self._seats[session] = (
            tenant,
            as_hex(row.terms.license_id),
            renewed.slot,
            end,
            as_text(unnamed) if unnamed else None,
        )
        if call.instance_id != UNNAMED:
            self._note_instance(call, tenant, session, renewed, due=due)
            return
        if due:
            issued = as_text(self._transaction.now)
            self._tokens[session] = (tenant, session, renewed.seq, issued, end)
        if row.has_instances:
            self._sessions[session] = (tenant, session, end)

    def _note_instance(
        self, call: Heartbeat, tenant: str, session: str, renewed: Holding, *, due: bool
    ) -> None:
        end = as_text(renewed.lease_expires_at)
        self._transaction.run(
            sql.PUT_INSTANCE,
            tenant=tenant,
            session=session,
            instance=call.instance_id,
            ends=end,
            issued=as_text(self._transaction.now) if due else None,
            token_ends=end if due else None,
        )
        if due:
            self._transaction.run(sql.NOTE_SEQ, tenant=tenant, session=session, seq=renewed.seq)


def renew_all(transaction: Transaction, calls: list[Heartbeat]) -> list[Outcome]:
    """Return one outcome for each heartbeat, in order, and write all renewals."""
    outcomes: list[Outcome | None] = [None] * len(calls)
    wanted: dict[int, _Wanted] = {}
    for position, call in enumerate(calls):
        try:
            tenant, only = tenant_of(transaction, call.caller)
        except IdentityError as error:
            outcomes[position] = error
        else:
            wanted[position] = _Wanted(call, tenant, only)
    rows = _read(transaction, wanted)
    renewals = Renewals(transaction)
    for position, want in wanted.items():
        outcomes[position] = _decide(transaction, renewals, want, rows.get(position))
    renewals.write()
    return [outcome for outcome in outcomes if outcome is not None]


def _read(transaction: Transaction, wanted: dict[int, _Wanted]) -> dict[int, _Row]:
    questions = [
        (position, want.tenant, as_hex(want.call.session_id), want.call.instance_id)
        for position, want in wanted.items()
    ]
    row = transaction.one(sql.HOLDINGS, wanted=ENCODER.encode(questions).decode())
    return {found.position: found for found in _ROWS.decode(row[0])} if row else {}


def _decide(
    transaction: Transaction, renewals: Renewals, want: _Wanted, row: _Row | None
) -> Outcome:
    try:
        if row is None:
            raise how_it_ended(transaction, want.tenant, want.only_license, want.call.session_id)
        check_license(want.only_license, as_hex(row.terms.license_id))
        return renewals.decide(want.call, row)
    except (LeasingError, LicenseRefused) as error:
        return error


def how_it_ended(
    transaction: Transaction, tenant: str, only_license: str | None, session_id: str
) -> LeasingError:
    """Return LeaseLost for a session that ended, SessionUnknown for one that never was."""
    row = transaction.one(sql.SESSION, tenant=tenant, session=as_hex(session_id))
    if row is None or (only_license is not None and row[0] != only_license):
        return SessionUnknown("no such session")
    return LeaseLost(row[5])
