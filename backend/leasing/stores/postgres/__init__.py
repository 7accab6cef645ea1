"""The ledger in PostgreSQL: any number of server processes on one database."""

from leasing.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
