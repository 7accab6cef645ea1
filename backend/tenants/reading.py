"""Transactions that only read: in SQLite they let leases be written meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@contextmanager
def reading() -> Iterator[None]:
    """Have transactions that begin within the block only read.

    It is for the SQLite connection that passes the write gate, which knows ``only_reads``
    (``leasing.stores.gated_sqlite``). PostgreSQL's readers are in nobody's way: there it does
    nothing. Within a transaction it changes nothing until that has ended.
    """
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    if not hasattr(wrapper, "only_reads"):
        yield
        return
    wrapper.only_reads = True
    try:
        yield
    finally:
        wrapper.only_reads = False
