"""The tenant a piece of code works for: set for one transaction, and always left."""

from pathlib import Path
from uuid import UUID

import pytest

from foundation.ids import new_id
from tenants.current import current_tenant_id, tenant_transaction
from tenants.errors import NoCurrentTenant
from tenants.models import Tenant


def test_outside_a_tenants_transaction_there_is_no_tenant(db: Path) -> None:
    with pytest.raises(NoCurrentTenant):
        current_tenant_id()


def test_s11_the_tenant_is_left_also_by_an_error_and_with_it_what_was_written(db: Path) -> None:
    first, second = new_id(), new_id()

    with tenant_transaction(first):
        with pytest.raises(NoSuchThing):
            fail_halfway(second)
        assert current_tenant_id() == first

    assert not Tenant.objects.filter(slug="half-done").exists()
    with pytest.raises(NoCurrentTenant):
        current_tenant_id()


class NoSuchThing(Exception):
    """What goes wrong in the middle of a deed."""


def fail_halfway(tenant_id: UUID) -> None:
    with tenant_transaction(tenant_id):
        assert current_tenant_id() == tenant_id
        Tenant.objects.create(slug="half-done", name="Half done")
        raise NoSuchThing
