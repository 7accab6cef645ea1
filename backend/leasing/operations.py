"""What the control plane does to leases. It goes through a store, as every call on leases does."""

from collections.abc import Callable
from contextlib import closing
from uuid import UUID

from django.db import transaction

from leasing.store import Caller, ForceRelease, ForceReleased, Store


def force_release(
    *,
    open_store: Callable[[], Store],
    tenant_id: UUID,
    session_id: UUID,
    principal: str,
    even_if_borrowed: bool = False,
) -> ForceReleased:
    """End a session of a tenant over its holder's head, with its audit record, and free its seat.

    Every program of the device learns it at its next heartbeat (410 ``lease_lost``, ``released``);
    until ``proofs_expire_at`` it may run on the token it has, beside the next holder. Repeating
    the call changes nothing. A seat that is lent as a file stays, SeatBorrowed, unless the caller
    wants its end ``even_if_borrowed``. Raises SessionUnknown and StoreUnavailable, and RuntimeError
    within a transaction: the ledger has its own, which waits for that one (docs/adr/0001).
    """
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("a session is released in a transaction of its own")
    call = ForceRelease(Caller(principal, str(tenant_id)), str(session_id), even_if_borrowed)
    with closing(open_store()) as store:
        (outcome,) = store.apply([call])
    if isinstance(outcome, ForceReleased):
        return outcome
    if isinstance(outcome, Exception):
        raise outcome
    raise TypeError(f"the store answered {type(outcome).__name__} to a forced release")
