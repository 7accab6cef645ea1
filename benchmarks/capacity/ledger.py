"""``python -m benchmarks.capacity.ledger HELD…``: fills the database that the environment names.

Everything but the leases is made by the operations that the product itself uses.
"""

import sys

import msgspec

from benchmarks.capacity.prepared import (
    HEARTBEAT_INTERVAL_SECONDS,
    HOT_SEATS,
    ROOM,
    SCARCE_SEATS,
    TTL_SECONDS,
    CapacityLedger,
    IssuedLicense,
)
from benchmarks.ledger import HASHER, begin_ledger, issue, member_token  # it sets Django up
from licenses.models import Product


def fill(held_seats: list[int]) -> CapacityLedger:
    """Make the schema, a tenant, and a license for each number of seats that will be held.

    Each has ROOM seats more. One license more is hot, and one has hardly a seat.
    """
    root_pem, product = begin_ledger()
    return CapacityLedger(
        token=member_token(product.tenant),
        tenant_id=str(product.tenant_id),
        licenses=[_issue(product, seats=held + ROOM) for held in held_seats],
        hot=_issue(product, seats=HOT_SEATS),
        scarce=_issue(product, seats=SCARCE_SEATS),
        root_pem=root_pem,
    )


def _issue(product: Product, *, seats: int) -> IssuedLicense:
    license_, key = issue(
        product,
        seats=seats,
        ttl_seconds=TTL_SECONDS,
        heartbeat_interval_seconds=HEARTBEAT_INTERVAL_SECONDS,
    )
    return IssuedLicense(str(license_.id), key, list(HASHER.candidates(key)))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(fill([int(held) for held in sys.argv[1:]])))
