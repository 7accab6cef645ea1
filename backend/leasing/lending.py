"""A seat lent to one device as a file: the control plane's way to a long lease (docs/adr/0028).

::

    a seat of the device ─ the file, signed ─ the loan, counted ─ the file leaves

Whatever fails before the last step, nobody has a file and the seat is free within a TTL.
"""

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from msgspec import Struct

from foundation.clock import rfc3339
from leasing.errors import LeasingError
from leasing.rules import loan_end
from leasing.store import Acquire, Borrow, Caller, Lease, Release, Store
from licenses.errors import LicenseRefused
from signing.errors import SigningUnavailable

Seal = Callable[[Mapping[str, str]], dict[str, str]]
"""Signs the members of a ``license_data`` but for ``key_id``; raises SigningUnavailable."""

_METADATA_JSON: Final = "{}"


class Loan(Struct, frozen=True, kw_only=True):
    """What is asked for: a seat of the license with this key, for one device, for so long.

    ``key_hmacs`` are the HMACs of ``license_key`` under every pepper.
    """

    tenant_id: UUID
    principal: str
    license_key: str
    key_hmacs: tuple[str, ...]
    hardware_id: str
    seconds: int

    @property
    def caller(self) -> Caller:
        """Who asks, for the ledger."""
        return Caller(self.principal, str(self.tenant_id))


def lend(loan: Loan, *, open_store: Callable[[], Store], seal: Seal) -> dict[str, str]:
    """Take a seat for a device, or the one it has, and return the file that says so until its end.

    The file is a ``license_data`` document: ``lease_expires_at`` is so many seconds from now, or
    the license's end when that comes first. Repeating it lends the same seat on and gives another
    file; the latest end counts. The seat is no person's. Raises what an acquire raises,
    BorrowingOff, LoanTooLong, SigningUnavailable and StoreUnavailable, after which the device has
    no more of a seat than it had; and RuntimeError within a transaction: the ledger has its own.
    Does not check that the caller may do so.
    """
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("a seat is lent in transactions of its own")
    with closing(open_store()) as store:
        lease = _leased(store, _acquire(loan))
        try:
            return _lent(loan, lease, store, seal)
        except (SigningUnavailable, LeasingError, LicenseRefused):
            if lease.is_new:
                _hand_back(loan, lease, store)
            raise


def _acquire(loan: Loan) -> Acquire:
    return Acquire(
        caller=loan.caller,
        key_hmacs=loan.key_hmacs,
        hardware_id=loan.hardware_id,
        metadata_json=_METADATA_JSON,
        wants_token=False,
        for_another=True,
    )


def _lent(loan: Loan, lease: Lease, store: Store, seal: Seal) -> dict[str, str]:
    """Sign first and count then: a file is never older than the loan it is counted as (S10)."""
    until = loan_end(lease.now, loan.seconds, lease.terms.expires_at)
    document = seal(_statement(loan, lease, until))
    _leased(store, Borrow(loan.caller, lease.session_id, until, document["key_id"]))
    return document


def _statement(loan: Loan, lease: Lease, until: datetime) -> dict[str, str]:
    return {
        "license_key": loan.license_key,
        "session_id": lease.session_id,
        "tier": lease.terms.tier,
        "expires_at": rfc3339(lease.terms.expires_at),
        "signed_at": rfc3339(lease.now),
        "hardware_id": loan.hardware_id,
        "lease_expires_at": rfc3339(until),
    }


def _hand_back(loan: Loan, lease: Lease, store: Store) -> None:
    """Give a new seat back, unless a program of the device has come to share it meanwhile."""
    back = Release(loan.caller, lease.session_id, unless_joined_since=lease.seq or 0)
    with suppress(LeasingError):  # the seat lapses then, within its TTL
        store.apply([back])


def _leased(store: Store, call: Acquire | Borrow) -> Lease:
    (outcome,) = store.apply([call])
    if isinstance(outcome, Lease):
        return outcome
    if isinstance(outcome, Exception):
        raise outcome
    raise TypeError(f"the store answered {type(outcome).__name__} to {type(call).__name__}")
