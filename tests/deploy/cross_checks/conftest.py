"""The plans that the comparisons share: each environment is planned once."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from deploy.cross_checks.installation import Installation, installation_from
from deploy.opentofu.engine import OPENTOFU, Engine, copied

_ENVIRONMENTS: Final = {
    "staging": "staging",
    "production": "production",
    "production-shared-ip": "production",
}
"""Which environment of OpenTofu an overlay stands on."""


@pytest.fixture(scope="session")
def installation_of(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Installation]]:
    """Give what tells an overlay's installation; a plan takes seconds."""

    @cache
    def planned(environment: str) -> Installation:
        folder: Path = tmp_path_factory.mktemp(environment)
        copy = copied(OPENTOFU / "environments" / environment, folder)
        answer = engine.init(copy)
        assert answer.ok, answer.err
        return installation_from(engine.planned(copy))

    yield lambda overlay: planned(_ENVIRONMENTS[overlay])
    planned.cache_clear()
