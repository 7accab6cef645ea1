"""The state of one session, for whoever asks."""

from collections.abc import Mapping

from leasing.errors import LeasingError, SessionUnknown
from leasing.rules import is_live
from leasing.store import Inspect, Outcome, SessionState
from leasing.stores.sql.callers import Admitted, admit, check_license
from leasing.stores.sql.session_record import session_record
from leasing.stores.sql.transaction import Transaction, as_dashed, as_hex, as_instant


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
    session = as_hex(asked.call.session_id)
    known = session_record(transaction, asked.tenant, session)
    if known is None:
        raise SessionUnknown("no such session")
    check_license(asked.only_license, known.license)
    has_ended = not is_live(known.end, transaction.now)
    instances = transaction.run(
        transaction.sql.LIVE_INSTANCES,
        tenant=asked.tenant,
        session=session,
        now=transaction.now_text,
    )
    return SessionState(
        session_id=asked.call.session_id,
        license_id=as_dashed(known.license),
        tier=known.tier,
        started_at=as_instant(known.started_at),
        lease_expires_at=known.end,
        ended_at=known.end if has_ended else None,
        end_reason=(known.end_reason or "expired") if has_ended else None,
        instances=tuple(instance for instance, _ in instances),
    )
