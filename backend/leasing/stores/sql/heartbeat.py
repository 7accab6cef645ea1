"""Heartbeats: one read for a whole batch of them, and one write for each table."""

from collections.abc import Mapping

from leasing.errors import LeaseLost, LeasingError, SessionUnknown
from leasing.store import Borrow, ForceRelease, Heartbeat, Lease, Outcome, Release
from leasing.stores.sql.callers import REFUSALS, Admitted, admit, check_license
from leasing.stores.sql.honored import honored_lease
from leasing.stores.sql.renewals import Renewals, Row, read_rows
from leasing.stores.sql.session_record import session_record
from leasing.stores.sql.transaction import Transaction, as_hex


def renew_all(transaction: Transaction, calls: Mapping[int, Heartbeat]) -> dict[int, Outcome]:
    """Return the outcome of each heartbeat by its place in the batch."""
    admitted, outcomes = admit(transaction, calls)
    rows = _read(transaction, admitted)
    renewals = Renewals(transaction)
    for place, asked in admitted.items():
        try:
            outcomes[place] = _renew(transaction, renewals, asked, rows.get(place))
        except REFUSALS as error:
            outcomes[place] = error
    return outcomes


def _read(transaction: Transaction, admitted: Mapping[int, Admitted[Heartbeat]]) -> dict[int, Row]:
    """Return what is known of each call's session, or read, by the call's place in the batch."""
    rows: dict[int, Row] = {}
    wanted = []
    for place, asked in admitted.items():
        session, instance = as_hex(asked.call.session_id), asked.call.instance_id
        row = transaction.remembered.find(tenant=asked.tenant, session=session, instance=instance)
        if row is None:
            wanted.append((place, asked.tenant, session, instance))
        else:
            rows[place] = row
    return rows | {row.place: row for row in transaction.holdings(wanted, read_rows)}


def _renew(
    transaction: Transaction, renewals: Renewals, asked: Admitted[Heartbeat], row: Row | None
) -> Lease:
    if row is None:
        return _without_seat(transaction, asked)
    check_license(asked.only_license, as_hex(row.terms.license_id))
    return renewals.decide(asked.call, row)


def _without_seat(transaction: Transaction, asked: Admitted[Heartbeat]) -> Lease:
    ended = how_it_ended(transaction, asked)
    lease = None
    if isinstance(ended, LeaseLost):
        lease = honored_lease(transaction, asked.tenant, asked.call)
    if lease is None:
        raise ended
    return lease


def how_it_ended(
    transaction: Transaction,
    asked: Admitted[Heartbeat] | Admitted[Release] | Admitted[ForceRelease] | Admitted[Borrow],
) -> LeasingError:
    """Return LeaseLost for a session that ended, SessionUnknown for one that never was."""
    session = as_hex(asked.call.session_id)
    known = session_record(transaction, asked.tenant, session)
    if known is None or asked.only_license not in (None, known.license):
        return SessionUnknown("no such session")
    return LeaseLost(known.end_reason)
