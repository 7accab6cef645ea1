"""What is left of a store when its process is killed: what it had committed."""

from leasing.store import Store
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore


def crash(store: Store) -> None:
    """Drop a store's hold on its ledger as the end of its process would."""
    if isinstance(store, SqliteStore):
        store._gate.close()
        store._mark.close()
    else:
        assert isinstance(store, PostgresStore)
    store._connection.close()
