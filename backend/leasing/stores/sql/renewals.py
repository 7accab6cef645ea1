"""What each heartbeat of a batch decides."""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct, structs

from leasing.errors import LeaseLost, LeasingError, SessionUnknown
from leasing.rules import (
    UNNAMED,
    Holding,
    Terms,
    is_token_due,
    lease_end,
    loss,
    may_have_lost,
    next_count,
    refusal,
    token_end,
)
from leasing.store import Acquire, Heartbeat, Lease
from leasing.stores.sql.rows import RaisedGen, Renewal, SessionShares, Share
from leasing.stores.sql.session_record import session_record
from leasing.stores.sql.terms import read_terms
from leasing.stores.sql.transaction import Transaction, as_hex, as_instant, as_text

_NO_TOKEN: Final[tuple[str | None, str | None]] = (None, None)


class Row(Struct, frozen=True, gc=False):
    """One session as it was read; ``place`` is that of the call it was read for.

    ``seat_at`` is where the database keeps this version of the seat's row, if it says so.
    """

    place: int
    terms: Terms
    holding: Holding
    instance_known: bool
    has_instances: bool
    seat_at: str | None = None


class _Told(Struct, frozen=True, array_like=True, gc=False):
    """A row as ``HOLDINGS`` answers it."""

    place: int
    terms: Raw
    holding: Holding
    instance_known: bool
    has_instances: bool


_TOLD: Final = msgspec.json.Decoder(list[_Told])


def read_rows(text: str) -> list[Row]:
    """Return the rows that ``HOLDINGS`` answered."""
    return [
        Row(one.place, read_terms(one.terms), one.holding, one.instance_known, one.has_instances)
        for one in _TOLD.decode(text)
    ]


class Renewals:
    """The heartbeats of one batch; several of one session build on each other."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._latest: dict[str, Holding] = {}
        self._ended: dict[str, LeaseLost] = {}

    def decide(self, call: Heartbeat, row: Row) -> Lease:
        """Return the lease as it will be once this batch is written.

        Raises LeaseLost, LicenseRefused or SessionUnknown.
        """
        if ended := self._ended.get(row.holding.session_id):
            raise ended
        held = self._latest.get(row.holding.session_id, row.holding)
        terms = row.terms
        self._check_in_time(terms, held)
        if call.instance_id != UNNAMED and not row.instance_known:
            raise self._without_share(terms, held)
        if refused := refusal(terms, self._transaction.now):
            raise refused
        return self._renew(call, row, terms, held)

    def _without_share(self, terms: Terms, held: Holding) -> LeasingError:
        """Return that an instance has released, unless the ledger may have lost its share."""
        tenant, session = as_hex(terms.tenant_id), as_hex(held.session_id)
        known = session_record(self._transaction, tenant, session)
        if known is not None and may_have_lost(
            self._transaction.hold, as_instant(known.started_at)
        ):
            return SessionUnknown("no such instance")
        return LeaseLost("released")

    def _check_in_time(self, terms: Terms, held: Holding) -> None:
        now, hold = self._transaction.now, self._transaction.hold
        lost = loss(terms, held.lease_expires_at, hold=hold, now=now)
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

    def _renew(self, call: Heartbeat, row: Row, terms: Terms, held: Holding) -> Lease:
        now = self._transaction.now
        end = lease_end(terms, now, held.lease_expires_at)
        is_unnamed = call.instance_id == UNNAMED
        due = call.wants_token or is_token_due(
            row.holding.token_issued_at, row.holding.token_expires_at, now
        )
        seq = next_count(held.seq, self._transaction.lowest_count) if due else held.seq
        renewed = structs.replace(
            held,
            gen=raised_gen(self._transaction, terms, held),
            lease_expires_at=end,
            unnamed_expires_at=end
            if is_unnamed and held.unnamed_expires_at
            else held.unnamed_expires_at,
            seq=seq,
        )
        note_renewal(self._transaction, terms, renewed, call, has_token=due, seat_at=row.seat_at)
        if is_unnamed and row.has_instances:
            self._renew_instances(terms, renewed)
        self._latest[held.session_id] = renewed
        if held is row.holding:  # else an earlier call of the batch changed what was read
            self._remember(call, row, renewed, has_token=due)
        return Lease(
            terms=terms,
            session_id=held.session_id,
            device=held.device,
            gen=renewed.gen,
            lease_expires_at=end,
            now=now,
            seq=seq if due else None,
        )

    def _remember(self, call: Heartbeat, row: Row, renewed: Holding, *, has_token: bool) -> None:
        """Keep the row as the next heartbeat of this instance would read it."""
        if has_token:
            renewed = structs.replace(
                renewed,
                token_issued_at=self._transaction.now,
                token_expires_at=token_end(renewed.lease_expires_at, call.latest_token_end),
            )
        self._transaction.remembered.keep(
            structs.replace(row, holding=renewed),
            tenant=as_hex(row.terms.tenant_id),
            session=as_hex(renewed.session_id),
            instance=call.instance_id,
        )

    def _renew_instances(self, terms: Terms, renewed: Holding) -> None:
        tenant, session = as_hex(terms.tenant_id), as_hex(renewed.session_id)
        shares = SessionShares(tenant, session, as_text(renewed.lease_expires_at))
        self._transaction.changes.renew_shares(shares)


def note_renewal(
    transaction: Transaction,
    terms: Terms,
    renewed: Holding,
    call: Acquire | Heartbeat,
    *,
    has_token: bool,
    seat_at: str | None = None,
) -> None:
    """Gather what a renewal changes: the seat, which counts its tokens, and the caller's share."""
    changes, unnamed_end = transaction.changes, renewed.unnamed_expires_at
    tenant, session = as_hex(terms.tenant_id), as_hex(renewed.session_id)
    end = as_text(renewed.lease_expires_at)
    life = token_life(transaction, call, renewed.lease_expires_at) if has_token else _NO_TOKEN
    is_named = call.instance_id != UNNAMED
    if is_named:
        changes.put_share(Share(tenant, session, call.instance_id, end, *life))
        life = _NO_TOKEN
    changes.renew(
        Renewal(
            tenant,
            as_hex(terms.license_id),
            renewed.slot,
            end,
            as_text(unnamed_end) if unnamed_end else None,
            renewed.seq,
            *life,
            is_shared=is_named or None,
        ),
        session=session,
        seat_at=seat_at,
    )


def raised_gen(transaction: Transaction, terms: Terms, held: Holding) -> int:
    """Return the gen of a holder who goes on, raised past all that may have been lost (S6)."""
    gen = max(held.gen, transaction.lowest_count)
    if gen > held.gen:
        tenant, license_ = as_hex(terms.tenant_id), as_hex(terms.license_id)
        session = as_hex(held.session_id)
        transaction.changes.raise_gen(RaisedGen(tenant, license_, held.slot, session, gen))
    return gen


def token_life(
    transaction: Transaction, call: Acquire | Heartbeat, lease_expires_at: datetime
) -> tuple[str, str]:
    """Return from when and until when a token signed now for a lease speaks, as stored."""
    end = token_end(lease_expires_at, call.latest_token_end)
    return transaction.now_text, as_text(end)
