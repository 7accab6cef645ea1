"""The leasing plane, and who calls it, for the tests over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # models can be imported only once Django is set up
    from tests.support.customer import Customer
    from tests.support.plane import Plane


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    """A leasing plane on a ledger of its own."""
    from tests.support.plane import Plane

    with Plane(db, tmp_path) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    """Her license takes its key as a credential."""
    return _customer("alice", key_auth=True)


@pytest.fixture
def charlie(plane: Plane) -> Customer:
    """His license wants a login; he must see nothing of Alice's."""
    return _customer("charlie", key_auth=False)


def _customer(name: str, *, key_auth: bool) -> Customer:
    from tests.support.customer import Customer

    return Customer(name, seats=3, key_auth=key_auth)
