"""The office on both kinds of database, and two tenants who call it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # models can be imported only once Django is set up
    from tests.support.office import Office, People


@pytest.fixture
def office(db: Path, tmp_path: Path) -> Iterator[Office]:
    """The office on SQLite."""
    from tests.support.office import Office

    with Office(tmp_path) as running:
        yield running


@pytest.fixture
def office_on_postgres(postgres_db: str, tmp_path: Path) -> Iterator[Office]:
    """The office on PostgreSQL."""
    from tests.support.office import Office

    with Office(tmp_path) as running:
        yield running


@pytest.fixture(params=["office", "office_on_postgres"], ids=["sqlite", "postgres"])
def either_office(request: pytest.FixtureRequest) -> Office:
    """The office on each of them in turn."""
    running: Office = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def alice(office: Office) -> People:
    """The people of one tenant."""
    return office.tenant("alice")


@pytest.fixture
def charlie(office: Office) -> People:
    """The people of another; they must see nothing of Alice's."""
    return office.tenant("charlie")
