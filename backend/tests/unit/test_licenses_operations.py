"""What a vendor does with licenses: each deed with its record, no key ever stored."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError

from audit.models import AuditEvent
from licenses.errors import RevokedForGood
from licenses.license_key import hint, is_well_formed, normalize
from licenses.models import License
from licenses.queries import license_by_id, license_by_key
from licenses.rules import PolicyMistake
from tenants.current import tenant_transaction
from tests.support.clock import START
from tests.support.customer import HASHER, VENDOR, Customer


@pytest.fixture
def alice(db: Path) -> Customer:
    return Customer("alice", seats=5)


def actions(customer: Customer) -> list[tuple[str, dict[str, object]]]:
    events = AuditEvent.across_tenants.filter(license_id=customer.license.id).order_by("at")
    return [(event.action, event.details) for event in events]


def test_issuing_returns_the_key_once_and_stores_its_hmac(alice: Customer) -> None:
    stored = License.across_tenants.get(id=alice.license.id)

    assert is_well_formed(alice.key)
    assert stored.key_hmac == HASHER.current(alice.key)
    assert stored.key_hint == hint(alice.key)
    everything = " ".join(str(value) for value in stored.__dict__.values())
    assert alice.key not in everything
    assert normalize(alice.key) not in everything


def test_every_deed_leaves_a_record_with_who_did_it(alice: Customer) -> None:
    alice.resize(7)
    alice.suspend()
    alice.reinstate()
    alice.move_expiry(START)
    alice.rotate_key()
    alice.revoke()

    assert actions(alice) == [
        ("license.issued", {"seats": 5, "tier": "pro"}),
        ("license.resized", {"before": 5, "seats": 7}),
        ("license.suspended", {}),
        ("license.reinstated", {}),
        ("license.expiry_moved", {"expires_at": START.isoformat()}),
        ("license.key_rotated", {}),
        ("license.revoked", {}),
    ]
    assert set(AuditEvent.across_tenants.values_list("principal", flat=True)) == {VENDOR}


@pytest.mark.parametrize(
    ("deed", "status"),
    [
        (Customer.suspend, "suspended"),
        (Customer.revoke, "revoked"),
        (Customer.reinstate, "active"),
    ],
)
def test_a_deed_changes_the_status_that_is_stored(
    alice: Customer, deed: Callable[[Customer], None], status: str
) -> None:
    deed(alice)

    assert License.across_tenants.get(id=alice.license.id).status == status


def test_a_resize_out_of_bounds_changes_and_records_nothing(alice: Customer) -> None:
    with pytest.raises(PolicyMistake):
        alice.resize(-1)

    assert License.across_tenants.get(id=alice.license.id).seats == 5
    assert [action for action, _ in actions(alice)] == ["license.issued"]


@pytest.mark.parametrize(
    "deed",
    [
        lambda alice: alice.resize(7),
        lambda alice: alice.move_expiry(START + timedelta(days=999)),
        lambda alice: alice.cap_persons(2),
        Customer.suspend,
        Customer.reinstate,
        Customer.rotate_key,
    ],
    ids=["resize", "move_expiry", "cap_persons", "suspend", "reinstate", "rotate_key"],
)
def test_nothing_about_a_revoked_license_changes(
    alice: Customer, deed: Callable[[Customer], None]
) -> None:
    alice.revoke()
    before = License.across_tenants.filter(id=alice.license.id).values().get()

    with pytest.raises(RevokedForGood):
        deed(alice)

    assert License.across_tenants.filter(id=alice.license.id).values().get() == before
    assert [action for action, _ in actions(alice)] == ["license.issued", "license.revoked"]


def test_a_rotated_key_is_found_and_the_old_one_is_not(alice: Customer) -> None:
    old_key = alice.key
    alice.rotate_key()

    with tenant_transaction(alice.tenant.id):
        assert license_by_key(old_key, hasher=HASHER) is None
        assert license_by_key(alice.key, hasher=HASHER) == alice.license


def test_s11_a_license_is_found_in_its_own_tenant_only(alice: Customer) -> None:
    bob = Customer("bob", seats=1)

    with tenant_transaction(alice.tenant.id):
        mine = license_by_id(alice.license.id)
    with tenant_transaction(bob.tenant.id):
        anothers = license_by_id(alice.license.id)

    assert mine == alice.license
    assert anothers is None


def test_the_database_refuses_a_policy_that_the_rules_would(alice: Customer) -> None:
    alice.license.heartbeat_interval_seconds = 121

    with (
        pytest.raises(IntegrityError, match="license_heartbeat_at_most_a_third"),
        tenant_transaction(alice.tenant.id),
    ):
        alice.license.save()


def test_the_database_refuses_the_same_key_twice_in_a_tenant(alice: Customer) -> None:
    second = Customer("alices-second", seats=1, tenant=alice.tenant)
    second.license.key_hmac = alice.license.key_hmac

    with pytest.raises(IntegrityError), tenant_transaction(alice.tenant.id):
        second.license.save()
