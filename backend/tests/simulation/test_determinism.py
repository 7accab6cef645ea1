"""One seed is one run, to the byte, whatever Python's hashes are."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.simulation.runs import Order, play

BACKEND = Path(__file__).parents[2]


def digest_of(seed: int, operations: int, hash_seed: str) -> str:
    """Return the digest of a run in a process with hashes of its own."""
    arguments = ["--seeds", "1", "--first", str(seed), "--operations", str(operations)]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.support.simulation", *arguments],
        cwd=BACKEND,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"digest (\w+)", finished.stdout)
    assert found
    return found[1]


def test_a_seed_repeats_its_run(migrated_database: Path) -> None:
    order = Order(seed=3, operations=3_000)

    first, second = play(order, migrated_database), play(order, migrated_database)

    assert first == second
    assert first.digest != play(Order(4, 3_000), migrated_database).digest


def test_a_seed_repeats_its_run_in_another_process() -> None:
    assert digest_of(3, 3_000, hash_seed="1") == digest_of(3, 3_000, hash_seed="2")
