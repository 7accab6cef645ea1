"""A tenant with a product, made by the operator's tool itself."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def acme(db: Path) -> dict[str, Any]:
    """A tenant with a product."""
    return _made()


@pytest.fixture
def acme_on_postgres(postgres_db: str) -> dict[str, Any]:
    """The same on PostgreSQL."""
    return _made()


@pytest.fixture
def license_id(acme: dict[str, Any]) -> str:
    """A license of three seats."""
    from tests.support.operating import make_license

    return str(make_license()["id"])


def _made() -> dict[str, Any]:
    from tests.support.operating import make_acme

    return make_acme()
