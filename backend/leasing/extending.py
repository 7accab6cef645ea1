"""Leases of innocent tenants made longer before something is blocked (docs/adr/0038)."""

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from typing import Final

from django.db import transaction
from msgspec import Struct, structs

from leasing.rules import LONGEST_EXTENSION_SECONDS, SHORTEST_EXTENSION_SECONDS
from leasing.store import Extended, ExtendingStore, Extension

PAGE_SEATS: Final = 500
"""Seats of one transaction: 10 to 30 ms of the writer, on either ledger, when it was measured."""


class ExtendedLeases(Struct, frozen=True):
    """What came of it: ``until`` is where the earliest of the extended leases ends.

    After ``longest_heartbeat_interval_seconds`` every program that beats in time has been told.
    """

    leases: int
    tenants: int
    until: datetime | None
    longest_heartbeat_interval_seconds: int


def extend_leases(
    asked: Extension,
    *,
    open_store: Callable[[], ExtendingStore],
    rest: Callable[[], None],
) -> ExtendedLeases:
    """Move the ends of all live leases but those of the spared tenants, page after page.

    ``rest`` is called between two pages: the servers' heartbeats go between them. What was
    committed before a failure stays, and repeating it is safe: no lease ever ends earlier (S7), nor
    later than ``asked.seconds`` from the last repetition. Raises ValueError for a time that is not
    allowed, StoreUnavailable, and RuntimeError within a transaction.
    """
    if not SHORTEST_EXTENSION_SECONDS <= asked.seconds <= LONGEST_EXTENSION_SECONDS:
        raise ValueError(
            f"leases are extended by {SHORTEST_EXTENSION_SECONDS} to {LONGEST_EXTENSION_SECONDS} s"
        )
    if transaction.get_connection().in_atomic_block:
        raise RuntimeError("leases are extended in transactions of their own")
    with closing(open_store()) as store:
        return _summary(_pages(store, asked, rest))


def _pages(store: ExtendingStore, asked: Extension, rest: Callable[[], None]) -> Iterable[Extended]:
    while True:
        done = store.extend(asked)
        yield done
        if done.last is None:
            return
        asked = structs.replace(asked, after=done.last)
        rest()


def _summary(pages: Iterable[Extended]) -> ExtendedLeases:
    leases = longest = 0
    tenants: set[str] = set()
    until: datetime | None = None
    for page in pages:
        leases += page.leases
        tenants |= page.tenants
        longest = max(longest, page.longest_heartbeat_interval_seconds)
        until = page.until if until is None and page.leases else until
    return ExtendedLeases(leases, len(tenants), until, longest)
