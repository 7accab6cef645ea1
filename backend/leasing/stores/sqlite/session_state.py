"""The state of one session, for whoever asks."""

from leasing.errors import SessionUnknown
from leasing.rules import is_live
from leasing.store import Inspect, SessionState
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.callers import check_license, tenant_of
from leasing.stores.sqlite.transaction import (
    Transaction,
    as_dashed,
    as_hex,
    as_instant,
    as_text,
)


def session_state(transaction: Transaction, call: Inspect) -> SessionState:
    """Return what is known about a session; a lease that lapsed counts as ended.

    Raises SessionUnknown, and the identity errors of a key shown as the credential.
    """
    tenant, only = tenant_of(transaction, call.caller)
    of_session = {"tenant": tenant, "session": as_hex(call.session_id)}
    row = transaction.one(sql.SESSION, **of_session)
    if row is None:
        raise SessionUnknown("no such session")
    license_, tier, _, started_at, ended_at, reason, lease_end = row
    check_license(only, license_)
    if ended_at is None and not is_live(as_instant(lease_end), transaction.now):
        ended_at, reason = lease_end, "expired"
    instances = transaction.run(sql.LIVE_INSTANCES, **of_session, now=as_text(transaction.now))
    return SessionState(
        session_id=call.session_id,
        license_id=as_dashed(license_),
        tier=tier,
        started_at=as_instant(started_at),
        lease_expires_at=as_instant(lease_end or ended_at),
        ended_at=as_instant(ended_at) if ended_at else None,
        end_reason=reason or None,
        instances=tuple(instance for instance, _ in instances),
    )
