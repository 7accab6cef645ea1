"""Forced release: an admin ends a session over its holder's head. Repeating it changes nothing."""

from collections.abc import Mapping
from datetime import datetime

from foundation.clock import rfc3339
from leasing.errors import LeaseLost, LeasingError, SeatBorrowed, SessionUnknown
from leasing.rules import is_live
from leasing.store import ForceRelease, ForceReleased, Outcome
from leasing.stores.sql.callers import Admitted, admit, check_license
from leasing.stores.sql.heartbeat import how_it_ended
from leasing.stores.sql.honored import release_honored
from leasing.stores.sql.release import HeldSeat, held_seats
from leasing.stores.sql.session_record import SessionRecord, session_record
from leasing.stores.sql.transaction import FORCE_RELEASED, Transaction, as_dashed, as_hex


def force_release_all(
    transaction: Transaction, calls: Mapping[int, ForceRelease]
) -> dict[int, Outcome]:
    """Return the outcome of each forced release by its place in the batch.

    The seat is free at once, whoever of the device still runs; the gen of the seat stays, so the
    next holder's is higher (S6). A borrowed seat stays, unless the call says that it knows (S10).
    """
    admitted, outcomes = admit(transaction, calls)
    for place, asked in admitted.items():
        try:
            outcomes[place] = _force(transaction, asked)
        except LeasingError as error:
            outcomes[place] = error
    return outcomes


def _force(transaction: Transaction, asked: Admitted[ForceRelease]) -> ForceReleased:
    seat = held_seats(transaction, {0: asked}).get(0)
    if seat is None:
        return _without_seat(transaction, asked)
    check_license(asked.only_license, seat.license)
    loan_end = seat.loan_end(transaction.now)
    if loan_end is not None and not asked.call.even_if_borrowed:
        raise SeatBorrowed(loan_end)
    _end(transaction, asked, seat, loan_end)
    return _answer(asked.call, _record(transaction, asked), seat.lease_expires_at)


def _end(
    transaction: Transaction,
    asked: Admitted[ForceRelease],
    seat: HeldSeat,
    loan_end: datetime | None,
) -> None:
    broken_loan = {} if loan_end is None else {"borrowed_until": rfc3339(loan_end)}
    transaction.end_session(
        tenant=asked.tenant,
        license=seat.license,
        slot=seat.slot,
        session=as_hex(asked.call.session_id),
        reason="released" if is_live(seat.lease_expires_at, transaction.now) else "expired",
        lease_expires_at=seat.lease_expires_at,
        principal=asked.call.caller.principal,
        is_forced=True,
        **broken_loan,
    )


def _without_seat(transaction: Transaction, asked: Admitted[ForceRelease]) -> ForceReleased:
    """End a session that runs on the evidence of a token alone; one that is over stays as it is."""
    ended = how_it_ended(transaction, asked)
    if not isinstance(ended, LeaseLost):
        raise ended
    before = _record(transaction, asked)
    release_honored(transaction, asked.tenant, asked.call, action=FORCE_RELEASED)
    was_running = is_live(before.end, transaction.now)
    return _answer(asked.call, _record(transaction, asked), before.end if was_running else None)


def _record(transaction: Transaction, asked: Admitted[ForceRelease]) -> SessionRecord:
    known = session_record(transaction, asked.tenant, as_hex(asked.call.session_id))
    if known is None:
        raise SessionUnknown("no such session")
    return known


def _answer(
    call: ForceRelease, known: SessionRecord, proofs_expire_at: datetime | None
) -> ForceReleased:
    return ForceReleased(
        session_id=call.session_id,
        license_id=as_dashed(known.license),
        ended_at=known.end,
        end_reason=known.end_reason,
        proofs_expire_at=proofs_expire_at,
    )
