"""The operator's tool on customers as a whole."""

from pathlib import Path

import pytest
from django.conf import settings

from foundation.clock import utc_now
from foundation.peppers import Peppers
from identity.claims import Claimed
from identity.errors import MissingTenant
from identity.register import DatabaseRegister
from identity.rules import Membership, Principal, PrincipalKind, Role
from licenses.errors import LicenseRevoked, LicenseSuspended
from licenses.models import License
from tenants.current import tenant_transaction
from tenants.models import Tenant
from tests.support.customer import Customer
from tests.support.operating import admin, answer
from tests.support.world import World


def sign_in(tenant: Tenant) -> Principal:
    """Let a program of the tenant in, as the door does once its token has been verified."""
    claimed = Claimed(
        issuer="https://issuer.example",
        row_id=1,
        kind=PrincipalKind.WORKLOAD,
        subject="a-program",
        tenant_id=tenant.id,
        tenant_name=None,
        role=Role.MEMBER,
        membership=Membership.NONE,
        email=None,
        is_staff=False,
    )
    peppers = Peppers(settings.LICENSE_KEY_PEPPERS)
    return DatabaseRegister(peppers).admit(claimed, now=utc_now())


def test_a_suspended_tenant_is_shut_out_and_comes_back_as_it_was(db: Path) -> None:
    world = World(db)
    tenant = world.alice.tenant
    asleep = Customer("alice-too", seats=1, tenant=tenant)
    asleep.suspend()
    lease = world.acquire("laptop")

    answer("tenant", "suspend", "alice")
    answer("tenant", "suspend", "alice")
    with pytest.raises(MissingTenant):
        sign_in(tenant)
    with pytest.raises(LicenseSuspended):
        world.acquire("desktop")
    with pytest.raises(LicenseSuspended):
        world.heartbeat(lease)
    assert (
        "alice is suspended"
        in admin(
            *("license", "create", "--tenant", "alice", "--product", "alice-studio"),
            *("--tier", "pro", "--seats", 1, "--days", 1),
        ).err
    )

    answer("tenant", "resume", "alice")
    assert sign_in(tenant).tenant_id == tenant.id
    assert world.heartbeat(lease).session_id == lease.session_id
    with tenant_transaction(tenant.id):
        assert License.objects.get(id=asleep.license.id).status == "suspended"
    world.close()


def test_a_license_revoked_while_its_tenant_slept_stays_so(db: Path) -> None:
    world = World(db)
    answer("tenant", "suspend", "alice")
    world.alice.revoke()

    answer("tenant", "resume", "alice")

    with pytest.raises(LicenseRevoked):
        world.acquire("laptop")
    world.close()
