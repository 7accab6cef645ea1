"""Release: give a seat back, or one instance's share of it. Repeating it changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from leasing.errors import LeaseLost, LeasingError
from leasing.rules import UNNAMED, is_live
from leasing.store import ForceRelease, Outcome, Release, Released
from leasing.stores.sql.callers import Admitted, admit, check_license
from leasing.stores.sql.heartbeat import how_it_ended
from leasing.stores.sql.honored import release_honored
from leasing.stores.sql.rows import Leaver, Renewal
from leasing.stores.sql.transaction import Transaction, as_hex, as_text


class HeldSeat(Struct, frozen=True, array_like=True, gc=False):
    """The seat of a session; ``other_ends`` are those of its other instances' shares."""

    place: int
    license: str
    slot: int
    lease_expires_at: datetime
    unnamed_expires_at: datetime | None
    heartbeat_interval_seconds: int
    other_ends: list[datetime]
    seq: int
    borrowed_until: datetime | None

    def loan_end(self, now: datetime) -> datetime | None:
        """Return where the loan of the seat ends, or None when none runs."""
        is_running = is_live(self.borrowed_until, now)
        return self.borrowed_until if is_running else None


_SEATS: Final = msgspec.json.Decoder(list[HeldSeat])
_Asked = Mapping[int, Admitted[Release]] | Mapping[int, Admitted[ForceRelease]]


def release_all(transaction: Transaction, calls: Mapping[int, Release]) -> dict[int, Outcome]:
    """Return the outcome of each release by its place in the batch.

    A seat is free when the last live instance of its device has gone (S5).
    """
    admitted, outcomes = admit(transaction, calls)
    seats = held_seats(transaction, admitted)
    touched: set[str] = set()
    for place, asked in admitted.items():
        if asked.call.session_id in touched:  # by a call before it: look again
            seats[place] = held_seats(transaction, {place: asked}).get(place)
        touched.add(asked.call.session_id)
        try:
            outcomes[place] = _release(transaction, asked, seats.get(place))
        except LeasingError as error:
            outcomes[place] = error
    return outcomes


def held_seats(transaction: Transaction, admitted: _Asked) -> dict[int, HeldSeat | None]:
    """Return the seats that the sessions of some calls hold, locked, by place in the batch."""
    wanted = [
        (place, asked.tenant, as_hex(asked.call.session_id), _instance(asked.call))
        for place, asked in admitted.items()
    ]
    found = transaction.found(transaction.sql.SEATS_OF_SESSIONS, wanted)
    return {seat.place: seat for seat in _SEATS.decode(found)}


def _instance(call: Release | ForceRelease) -> str:
    return call.instance_id if isinstance(call, Release) else UNNAMED


def _release(transaction: Transaction, asked: Admitted[Release], seat: HeldSeat | None) -> Released:
    if seat is None:
        return _already_over(transaction, asked)
    check_license(asked.only_license, seat.license)
    if asked.call.unless_joined_since not in (None, seat.seq):
        return Released()
    loan_end = None if _is_unproven(asked.call) else seat.loan_end(transaction.now)
    if asked.call.instance_id == UNNAMED and loan_end is not None:
        _leave_to_loan(transaction, asked, seat, loan_end)
    elif asked.call.instance_id == UNNAMED or not _leave(transaction, asked, seat):
        transaction.end_session(
            tenant=asked.tenant,
            license=seat.license,
            slot=seat.slot,
            session=as_hex(asked.call.session_id),
            reason="released" if is_live(seat.lease_expires_at, transaction.now) else "expired",
            lease_expires_at=seat.lease_expires_at,
            principal=asked.call.caller.principal,
        )
    return Released()


def _is_unproven(call: Release) -> bool:
    """Tell whether a grant is handed back that nobody has come back to: it never left here."""
    return call.unless_joined_since is not None


def _leave_to_loan(
    transaction: Transaction, asked: Admitted[Release], seat: HeldSeat, loan_end: datetime
) -> None:
    """Let every program of a device go; its file runs on, so the seat is not free before (S10)."""
    session = as_hex(asked.call.session_id)
    transaction.run(
        transaction.sql.FORGET_LAPSED_INSTANCES,
        tenant=asked.tenant,
        session=session,
        now=as_text(max([seat.lease_expires_at, *seat.other_ends])),
    )
    _shorten(transaction, asked, seat, loan_end, unnamed=loan_end)


def _already_over(transaction: Transaction, asked: Admitted[Release]) -> Released:
    ended = how_it_ended(transaction, asked)
    if not isinstance(ended, LeaseLost):
        raise ended
    if asked.call.instance_id == UNNAMED:
        release_honored(transaction, asked.tenant, asked.call, action="seat.released")
    return Released()


def _leave(transaction: Transaction, asked: Admitted[Release], seat: HeldSeat) -> bool:
    """Let one instance go; return whether others stay, and the seat with the last of them.

    A loan that runs is among the others: calls without an instance hold the seat to its end.
    """
    session, instance = as_hex(asked.call.session_id), asked.call.instance_id
    transaction.changes.leave(Leaver(asked.tenant, session, instance))
    since = transaction.counted_after(seat.heartbeat_interval_seconds)
    unnamed_end = seat.unnamed_expires_at
    ends = [*seat.other_ends, unnamed_end] if unnamed_end else seat.other_ends
    staying = [end for end in ends if end > since]
    if not staying:
        return False
    _shorten(transaction, asked, seat, max(staying), unnamed=unnamed_end)
    return True


def _shorten(
    transaction: Transaction,
    asked: Admitted[Release],
    seat: HeldSeat,
    last_end: datetime,
    *,
    unnamed: datetime | None,
) -> None:
    """End the lease of a seat with the last of those who stay."""
    unnamed_text = as_text(unnamed) if unnamed else None
    transaction.changes.renew(
        Renewal(asked.tenant, seat.license, seat.slot, as_text(last_end), unnamed_text),
        session=as_hex(asked.call.session_id),
    )
    if occupancy := transaction.known_occupancy(seat.license):
        occupancy.found_live(seat.slot, last_end)
