"""Extend: live leases end later, whoever beats; the next heartbeat brings a token that says so.

A page of seats at a time, in the order of their key, which is the order everybody locks them in.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from foundation.clock import rfc3339
from leasing.rules import extended_end
from leasing.store import Extended, Extension, PageEnd
from leasing.stores.sql.changes import ENCODER
from leasing.stores.sql.rows import Renewal, SessionShares
from leasing.stores.sql.transaction import Transaction, as_hex, as_instant, as_text
from licenses.rules import LicenseStatus

BEFORE_ALL: Final = PageEnd("0" * 32, "0" * 32, -1)


class _Held(NamedTuple):
    """One seat of a page as it is stored; the session is None where it is free."""

    tenant: str
    license: str
    slot: int
    session: str | None
    lease_expires_at: str | None
    unnamed_expires_at: str | None
    status: str
    license_expires_at: str
    heartbeat_interval_seconds: int


class _Moved(NamedTuple):
    """A seat whose lease ends later, and where."""

    held: _Held
    end: datetime


def extend(transaction: Transaction, asked: Extension) -> Extended:
    """Move the ends of the live leases of one page; return how many and where the next begins."""
    page = _page(transaction, asked)
    until = transaction.now + timedelta(seconds=asked.seconds)
    moved = [_Moved(held, end) for held in page if (end := _end(transaction, asked, held, until))]
    for one in moved:
        _renew(transaction, one)
    _extend_shares(transaction, moved)
    _record(transaction, asked, moved)
    return Extended(
        leases=len(moved),
        tenants=frozenset(one.held.tenant for one in moved),
        until=until,
        longest_heartbeat_interval_seconds=max(
            (one.held.heartbeat_interval_seconds for one in moved), default=0
        ),
        last=PageEnd(page[-1].tenant, page[-1].license, page[-1].slot) if page else None,
    )


def _page(transaction: Transaction, asked: Extension) -> list[_Held]:
    after = asked.after or BEFORE_ALL
    rows = transaction.run(
        transaction.sql.EXTENSION_PAGE,
        tenant=after.tenant,
        license=after.license,
        slot=after.slot,
        most=asked.most_seats,
    )
    return [_Held(*row) for row in rows.fetchall()]


def _end(
    transaction: Transaction, asked: Extension, held: _Held, until: datetime
) -> datetime | None:
    """Return where the lease on a seat ends from now on, or None where it stays as it is."""
    if held.session is None or held.lease_expires_at is None:
        return None
    if held.tenant in {as_hex(tenant) for tenant in asked.spared_tenants}:
        return None
    return extended_end(
        status=LicenseStatus(held.status),
        license_expires_at=as_instant(held.license_expires_at),
        lease_expires_at=as_instant(held.lease_expires_at),
        until=until,
        now=transaction.now,
    )


def _renew(transaction: Transaction, moved: _Moved) -> None:
    """Move the end of the lease, and of its unnamed part where that runs."""
    held, end = moved.held, as_text(moved.end)
    unnamed = held.unnamed_expires_at
    if unnamed is not None and unnamed > transaction.now_text:  # one form, so text compares
        unnamed = max(unnamed, end)
    transaction.changes.renew(
        Renewal(held.tenant, held.license, held.slot, end, unnamed), session=held.session or ""
    )


def _extend_shares(transaction: Transaction, moved: list[_Moved]) -> None:
    """Move the shares of instances that run, and have every next heartbeat bring a token."""
    if not moved:
        return
    shares = [
        SessionShares(one.held.tenant, one.held.session or "", as_text(one.end)) for one in moved
    ]
    rows = ENCODER.encode(shares).decode()
    transaction.run(transaction.sql.EXTEND_INSTANCES, rows=rows, now=transaction.now_text)
    transaction.run(transaction.sql.FORGET_TOKENS, rows=rows)


def _record(transaction: Transaction, asked: Extension, moved: list[_Moved]) -> None:
    """Add one audit record for each license of the page (S15)."""
    counted = Counter((one.held.tenant, one.held.license) for one in moved)
    until = rfc3339(transaction.now + timedelta(seconds=asked.seconds))
    for (tenant, license_), leases in counted.items():
        transaction.record(
            "lease.extended",
            tenant=tenant,
            license=license_,
            session=None,
            principal=asked.principal,
            leases=leases,
            until=until,
            incident=asked.incident,
        )
