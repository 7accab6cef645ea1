"""Reap: end sessions whose lease has lapsed. Housekeeping; no grant waits for it (S9)."""

from leasing.stores.sql.transaction import Transaction, as_instant


def reap(transaction: Transaction, most: int) -> int:
    """End up to ``most`` lapsed sessions that no reclaim hold keeps; return how many."""
    ended = 0
    for row in transaction.lapsed_anywhere(most):
        tenant, license_, slot, session, lease_end, interval_seconds = row
        if as_instant(lease_end) > transaction.counted_after(interval_seconds):
            continue
        transaction.end_session(
            tenant=tenant,
            license=license_,
            slot=slot,
            session=session,
            reason="expired",
            lease_expires_at=as_instant(lease_end),
        )
        ended += 1
    return ended
