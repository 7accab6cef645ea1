"""The state of one session, for whoever asks."""

from collections.abc import Mapping

from leasing.errors import LeasingError, SessionUnknown
from leasing.rules import is_live
from leasing.store import Inspect, Outcome, SessionState
from leasing.stores.sql.callers import Admitted, admit, check_license
from leasing.stores.sql.transaction import (
    Transaction,
    as_dashed,
    as_hex,
    as_instant,
    as_text,
)


def inspect_all(transaction: Transaction, calls: Mapping[int, Inspect]) -> dict[int, Outcome]:
    """Return the outcome of each read by its place in the batch."""
    admitted, outcomes = admit(transaction, calls)
    for place, asked in admitted.items():
        try:
            outcomes[place] = _session_state(transaction, asked)
        except LeasingError as error:
            outcomes[place] = error
    return outcomes


def _session_state(transaction: Transaction, asked: Admitted[Inspect]) -> SessionState:
    """Return what is known about a session; a lease that lapsed counts as ended."""
    of_session = {"tenant": asked.tenant, "session": as_hex(asked.call.session_id)}
    row = transaction.one(transaction.sql.SESSION, **of_session)
    if row is None:
        raise SessionUnknown("no such session")
    license_, tier, _, started_at, ended_at, reason, lease_end = row
    check_license(asked.only_license, license_)
    if ended_at is None and not is_live(as_instant(lease_end), transaction.now):
        ended_at, reason = lease_end, "expired"
    instances = transaction.run(
        transaction.sql.LIVE_INSTANCES, **of_session, now=as_text(transaction.now)
    )
    return SessionState(
        session_id=asked.call.session_id,
        license_id=as_dashed(license_),
        tier=tier,
        started_at=as_instant(started_at),
        lease_expires_at=as_instant(lease_end or ended_at),
        ended_at=as_instant(ended_at) if ended_at else None,
        end_reason=reason or None,
        instances=tuple(instance for instance, _ in instances),
    )
