"""Release: give a seat back, or one instance's share of it. Repeating it changes nothing."""

from leasing.errors import LeaseLost, LeasingError
from leasing.rules import UNNAMED, is_live
from leasing.store import Release, Released
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.callers import check_license, tenant_of
from leasing.stores.sqlite.heartbeat import how_it_ended
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex, as_instant, as_text


def release(transaction: Transaction, call: Release) -> Released:
    """End the session, or the named instance's share of it.

    The seat is free when the last live instance of the device has gone (S5). Raises
    SessionUnknown, and the identity errors of a key shown as the credential.
    """
    tenant, only = tenant_of(transaction, call.caller)
    session = as_hex(call.session_id)
    seat = transaction.one(sql.SEAT_OF_SESSION, tenant=tenant, session=session)
    if seat is None:
        return _already_over(how_it_ended(transaction, tenant, only, call.session_id))
    license_, slot, end, unnamed_end, interval_seconds = seat
    check_license(only, license_)
    if call.instance_id != UNNAMED:
        ends = [unnamed_end, *_leave(transaction, call, tenant, session)]
        since = as_text(transaction.counted_after(interval_seconds))
        if staying := [end for end in ends if end is not None and end > since]:
            _shorten(transaction, (tenant, license_, slot, max(staying), unnamed_end))
            return Released()
    transaction.end_session(
        tenant=tenant,
        license=license_,
        slot=slot,
        session=session,
        reason="released" if is_live(as_instant(end), transaction.now) else "expired",
        lease_expires_at=as_instant(end),
        principal=call.caller.principal,
    )
    return Released()


def _already_over(error: LeasingError) -> Released:
    if isinstance(error, LeaseLost):
        return Released()
    raise error


def _leave(transaction: Transaction, call: Release, tenant: str, session: str) -> list[str]:
    """Forget the instance; return where the shares of the others end, or ended."""
    of_session = {"tenant": tenant, "session": session}
    transaction.run(sql.FORGET_INSTANCE, **of_session, instance=call.instance_id)
    return [end for (end,) in transaction.run(sql.INSTANCE_ENDS, **of_session)]


def _shorten(transaction: Transaction, renewal: tuple[str, str, int, str, str | None]) -> None:
    """Let the seat lapse with the last of those that stay, if they go silent."""
    _, license_, slot, end, _ = renewal
    transaction.run(sql.RENEW_SEATS, renewals=ENCODER.encode([renewal]).decode())
    if occupancy := transaction.known_occupancy(license_):
        occupancy.found_live(slot, as_instant(end))
