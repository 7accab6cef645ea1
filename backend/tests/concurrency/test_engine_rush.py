"""Many programs on one engine at once: the engine keeps its word, planted bugs are found."""

from pathlib import Path

import pytest

from leasing.engine import Engine
from tests.support.planted_engine import PLANTED, Rush


def test_s2_s3_s4_s14_s17_the_engine_stands_the_rush(db: Path) -> None:
    assert Rush(db, Engine).run() == set()


@pytest.mark.parametrize("bug", PLANTED)
def test_the_rush_finds_the_engine_that(db: Path, bug: str) -> None:
    engine, must_be_found = PLANTED[bug]

    assert must_be_found in Rush(db, engine).run()
