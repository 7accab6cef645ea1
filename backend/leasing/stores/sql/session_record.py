"""What the ledger keeps of one session, also when it is over."""

from datetime import datetime

from msgspec import Struct

from leasing.errors import LossReason
from leasing.stores.sql.transaction import Transaction, as_instant


class SessionRecord(Struct, frozen=True, gc=False):
    """One session; ids and instants as stored. ``lease_expires_at`` is None without a seat.

    ``ended_at`` is None while it holds a seat, and to come while it runs without one.
    ``borrowed_until`` is None when its seat was never lent.
    """

    license: str
    tier: str
    slot: int | None
    started_at: str
    ended_at: str | None
    end_reason: LossReason
    lease_expires_at: str | None
    borrowed_until: str | None

    @property
    def end(self) -> datetime:
        """When it ended, or will end if nobody renews it."""
        return as_instant(self.ended_at or self.lease_expires_at or self.started_at)

    def is_borrowed(self, now: datetime) -> bool:
        """Tell whether a file that was made of its seat runs on."""
        return self.borrowed_until is not None and as_instant(self.borrowed_until) > now


def session_record(transaction: Transaction, tenant: str, session: str) -> SessionRecord | None:
    """Return the record of a session of a tenant, or None."""
    row = transaction.one(transaction.sql.SESSION, tenant=tenant, session=session)
    return None if row is None else SessionRecord(*row)
