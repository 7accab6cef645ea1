"""Transactions that only read: in SQLite they let leases be written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

from leasing.stores.gated_sqlite.base import DatabaseWrapper


@contextmanager
def reading() -> Iterator[None]:
    """Have transactions that begin within the block only read.

    PostgreSQL's readers are in nobody's way: there it does nothing. Within a transaction it changes
    nothing until that has ended.
    """
    wrapper: object = connections[DEFAULT_DB_ALIAS]
    if not isinstance(wrapper, DatabaseWrapper):
        yield
        return
    wrapper.only_reads = True
    try:
        yield
    finally:
        wrapper.only_reads = False
