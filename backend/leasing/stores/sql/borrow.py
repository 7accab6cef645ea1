"""Loans: the seat of a session is held until the end of a file that was signed for its device."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from foundation.clock import rfc3339
from leasing.errors import SessionUnknown
from leasing.rules import UNNAMED, Holding, loan_refusal, loss, refusal
from leasing.store import Borrow, Lease, Outcome
from leasing.stores.sql.callers import REFUSALS, Admitted, admit, check_license
from leasing.stores.sql.heartbeat import how_it_ended
from leasing.stores.sql.renewals import Row, read_rows
from leasing.stores.sql.rows import Renewal
from leasing.stores.sql.transaction import Transaction, as_hex, as_text
from licenses.errors import LicenseExpired


def borrow_all(transaction: Transaction, calls: Mapping[int, Borrow]) -> dict[int, Outcome]:
    """Return the outcome of each loan by its place in the batch; they are rare and come alone."""
    admitted, outcomes = admit(transaction, calls)
    for place, asked in admitted.items():
        try:
            outcomes[place] = _borrow(transaction, asked)
        except REFUSALS as error:
            outcomes[place] = error
    return outcomes


class _Lent(NamedTuple):
    """How long the license lends its seats, and until when this one is lent, as stored."""

    offline_seconds: int
    borrowed_until: str | None


def _borrow(transaction: Transaction, asked: Admitted[Borrow]) -> Lease:
    row = _held(transaction, asked)
    check_license(asked.only_license, as_hex(row.terms.license_id))
    lent = _lent(transaction, asked)
    _check(transaction, asked.call, row, lent)
    held = _lengthened(row.holding, asked.call.until)
    _note(transaction, asked, structs.replace(row, holding=held), lent)
    return Lease(
        terms=row.terms,
        session_id=held.session_id,
        device=held.device,
        gen=held.gen,
        lease_expires_at=held.lease_expires_at,
        now=transaction.now,
    )


def _held(transaction: Transaction, asked: Admitted[Borrow]) -> Row:
    """Return the seat of the session, locked. Raises LeaseLost or SessionUnknown."""
    wanted = (0, asked.tenant, as_hex(asked.call.session_id), UNNAMED)
    rows = read_rows(transaction.found(transaction.sql.HOLDINGS, [wanted]))
    if not rows:
        raise how_it_ended(transaction, asked)
    return rows[0]


def _lent(transaction: Transaction, asked: Admitted[Borrow]) -> _Lent:
    session = as_hex(asked.call.session_id)
    found = transaction.one(transaction.sql.LOAN, tenant=asked.tenant, session=session)
    if found is None:
        raise SessionUnknown("no such session")
    return _Lent(*found)


def _check(transaction: Transaction, call: Borrow, row: Row, lent: _Lent) -> None:
    """Raise why the seat is not lent for so long: the terms may have changed since it was asked."""
    now, terms = transaction.now, row.terms
    if lost := loss(terms, row.holding.lease_expires_at, hold=transaction.hold, now=now):
        raise lost
    if refused := refusal(terms, now):
        raise refused
    if call.until > terms.expires_at:
        raise LicenseExpired("the license expires before the loan")
    if not_lent := loan_refusal(lent.offline_seconds, (call.until - now).total_seconds()):
        raise not_lent


def _lengthened(held: Holding, until: datetime) -> Holding:
    """Return a holding that lasts until the end of a loan, or longer as it did (S7).

    The loan is held by no instance, so none that leaves can end it.
    """
    unnamed = held.unnamed_expires_at
    return structs.replace(
        held,
        lease_expires_at=max(held.lease_expires_at, until),
        unnamed_expires_at=until if unnamed is None else max(unnamed, until),
    )


def _note(transaction: Transaction, asked: Admitted[Borrow], row: Row, lent: _Lent) -> None:
    """Write the ends of the lease and of the loan down, with the record of it."""
    call, held = asked.call, row.holding
    license_, session = as_hex(row.terms.license_id), as_hex(held.session_id)
    transaction.changes.renew(
        Renewal(
            asked.tenant,
            license_,
            held.slot,
            as_text(held.lease_expires_at),
            as_text(held.unnamed_expires_at or held.lease_expires_at),
        ),
        session=session,
    )
    until = max(as_text(call.until), lent.borrowed_until or "")  # one form, so text compares
    transaction.run(transaction.sql.LEND, tenant=asked.tenant, session=session, until=until)
    transaction.record(
        "seat.borrowed",
        tenant=asked.tenant,
        license=license_,
        session=session,
        principal=call.caller.principal,
        slot=held.slot,
        until=rfc3339(call.until),
        key_id=call.key_id,
    )
