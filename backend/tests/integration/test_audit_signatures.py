"""Every signature is counted by its key, beside the way of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit.models import AuditEvent, SignatureCount
from tenants.current import tenant_transaction

if TYPE_CHECKING:
    from tests.support.customer import Customer
    from tests.support.plane import Plane


def counted(plane: Plane, customer: Customer) -> dict[tuple[str, str, str], int]:
    plane.tally.write_down()
    with tenant_transaction(customer.tenant.id):
        rows = list(SignatureCount.objects.all())
    return {(row.document, row.key_id, row.root_key_id): row.count for row in rows}


def test_s16_both_documents_are_counted_under_their_keys(plane: Plane, alice: Customer) -> None:
    both = plane.acquire(alice, "laptop").json()
    root = both["license_data"]["key_id"]
    plane.acquire(alice, "desktop", proofs=["license_token"])

    counts = counted(plane, alice)

    (token,) = [key for key in counts if key[0] == "license_token"]
    assert counts == {token: 2, ("license_data", root, root): 1}
    assert token[2] == root
    with tenant_transaction(alice.tenant.id):
        started = AuditEvent.objects.get(action="delegation.started")
    assert started.details == {"key_id": token[1], "root_key_id": root}


def test_nothing_is_counted_for_others(plane: Plane, alice: Customer, charlie: Customer) -> None:
    plane.acquire(alice, "laptop")

    assert counted(plane, charlie) == {}


def test_what_was_written_down_is_not_counted_again(plane: Plane, alice: Customer) -> None:
    plane.acquire(alice, "laptop", proofs=["license_token"])
    first = counted(plane, alice)

    assert list(first.values()) == [1]
    assert counted(plane, alice) == first
