"""The ledger in one SQLite file: write-ahead log, every commit durable, one writer at a time."""

from leasing.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
