"""The operation by which the control plane ends a session, beside a store that serves."""

from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from leasing.errors import LeaseLost, SessionUnknown
from leasing.operations import force_release
from leasing.store import Lease
from leasing.stores.postgres import PostgresStore
from leasing.stores.sqlite import SqliteStore
from leasing.wiring import open_store
from tests.support.customer import Customer


def granted(store: SqliteStore | PostgresStore, customer: Customer) -> Lease:
    (lease,) = store.apply([customer.acquire("laptop")])
    assert isinstance(lease, Lease)
    return lease


def test_a_session_is_released_beside_the_store_that_serves_it(db: Path) -> None:
    alice, store = Customer("alice", seats=1), SqliteStore(db)
    lease = granted(store, alice)

    outcome = force_release(
        open_store=open_store,
        tenant_id=alice.tenant.id,
        session_id=UUID(lease.session_id),
        principal="user:admin",
    )

    assert outcome.proofs_expire_at == lease.lease_expires_at
    (beat,) = store.apply([alice.heartbeat(lease.session_id)])
    assert isinstance(beat, LeaseLost)
    assert beat.reason == "released"
    store.close()


@pytest.mark.usefixtures("db")
def test_an_unknown_session_is_unknown() -> None:
    alice = Customer("alice", seats=1)

    with pytest.raises(SessionUnknown):
        force_release(
            open_store=open_store,
            tenant_id=alice.tenant.id,
            session_id=alice.tenant.id,
            principal="user:admin",
        )


@pytest.mark.usefixtures("db")
def test_within_a_transaction_nothing_is_released() -> None:
    alice = Customer("alice", seats=1)

    with transaction.atomic(), pytest.raises(RuntimeError):
        force_release(
            open_store=open_store,
            tenant_id=alice.tenant.id,
            session_id=alice.tenant.id,
            principal="user:admin",
        )
