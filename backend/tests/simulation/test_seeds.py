"""A million operations in virtual time, every one of them judged."""

import os
from pathlib import Path

import pytest

from tests.support.simulation.regressions import kept_seeds
from tests.support.simulation.report import failure
from tests.support.simulation.run import Verdict
from tests.support.simulation.runs import Order, play_all

OPERATIONS = 1_000_000
SEEDS = 50


def play(orders: list[Order], migrated: Path) -> list[Verdict]:
    """Make runs on all cores; the first broken promise is the failure."""
    verdicts = []
    for order, verdict in zip(
        orders, play_all(orders, migrated, jobs=os.cpu_count() or 1), strict=True
    ):
        if verdict.broken:
            pytest.fail(failure(order, verdict), pytrace=False)
        verdicts.append(verdict)
    return verdicts


@pytest.mark.alone
def test_s1_to_s17_a_million_operations_break_no_promise(migrated_database: Path) -> None:
    orders = [Order(seed, OPERATIONS // SEEDS) for seed in range(SEEDS)]

    verdicts = play(orders, migrated_database)

    assert sum(verdict.operations for verdict in verdicts) >= OPERATIONS
    assert max(verdict.most_holders for verdict in verdicts) > 10


@pytest.mark.alone
def test_no_seed_that_found_a_defect_finds_it_again(migrated_database: Path) -> None:
    assert len(play(kept_seeds(), migrated_database)) == len(kept_seeds())
