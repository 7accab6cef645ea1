"""Reads of the control plane on SQLite: leases are written meanwhile, and nothing by the reader."""

from pathlib import Path

import pytest
from django.db import OperationalError

from leasing.models import LicenseSession
from leasing.store import Lease
from leasing.stores.sqlite import SqliteStore
from licenses.models import License
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tenants.reading import reading
from tests.support.customer import Customer


def test_a_grant_does_not_wait_for_a_reader_who_sees_one_state(db: Path) -> None:
    alice, store = Customer("alice", seats=2), SqliteStore(db)

    with reading(), tenant_transaction(alice.tenant.id):
        before = LicenseSession.objects.count()
        (granted,) = store.apply([alice.acquire("laptop")])  # would wait for a writer for ever
        meanwhile = LicenseSession.objects.count()

    assert isinstance(granted, Lease)
    assert (before, meanwhile) == (0, 0)
    with reading(), tenant_transaction(alice.tenant.id):
        assert LicenseSession.objects.count() == 1
    store.close()


@pytest.mark.usefixtures("db")
def test_a_reader_cannot_write_and_writes_again_afterwards() -> None:
    alice = Customer("alice", seats=1)

    with pytest.raises(OperationalError), reading(), tenant_transaction(alice.tenant.id):
        License.objects.update(seats=99)

    alice.resize(3)
    alice.license.refresh_from_db(from_queryset=License.across_tenants.all())
    assert alice.license.seats == 3


def test_a_second_writer_passes_after_readers(db: Path) -> None:
    alice = Customer("alice", seats=1)
    with reading(), tenant_transaction(alice.tenant.id):
        assert Tenant.objects.count() >= 1

    store = SqliteStore(db)
    alice.resize(2)
    (granted,) = store.apply([alice.acquire("laptop")])
    assert isinstance(granted, Lease)
    store.close()
