"""What a failing seed leaves behind: a trace, a command that repeats it, a line in a file."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.simulation.regressions import keep_seed, kept_seeds
from tests.support.simulation.report import Report
from tests.support.simulation.run import Verdict
from tests.support.simulation.runs import Order

BACKEND = Path(__file__).parents[2]
ORDER = Order(seed=7, operations=2_000)
BROKEN = Verdict(7, 1_500, 60.0, "d", 3, broken="S1", about="what happened")


def simulate(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.support.simulation", *arguments],
        cwd=BACKEND,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_broken_promise_is_printed_with_the_command_that_repeats_it() -> None:
    options = ["--seeds", "1", "--first", "0", "--operations", "4000"]
    bug = "takes a second seat on reconnect"

    finished = simulate(*options, "--bug", bug)

    assert finished.returncode == 1
    assert "sends Acquire" in finished.stdout
    repeat = f'make simulate SEEDS=1 FIRST=0 OPS=4000 BUG="{bug}"'
    assert f"seed 0 broke S4; repeat it: {repeat}" in finished.stdout


def test_an_unknown_bug_is_one_clear_line() -> None:
    finished = simulate("--bug", "nonsense")

    assert finished.returncode == 2
    assert "no such bug" in finished.stdout
    assert "Traceback" not in finished.stderr


def test_a_failing_seed_is_kept_once(tmp_path: Path) -> None:
    said: list[str] = []
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("# seeds\n")
    report = Report([ORDER], keep_in=seeds, say=said.append, seconds=lambda: 0.0)

    report.take(BROKEN)
    keep_seed(ORDER, "S1", seeds)

    assert kept_seeds(seeds) == [ORDER]
    assert seeds.read_text().endswith("7 2000  # S1\n")
    assert report.status() == 1
    assert "what happened" in "\n".join(said)


def test_a_planted_bug_is_not_kept(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.txt"
    seeds.write_text("")
    planted = ORDER._replace(bug="counts and then inserts")

    Report([planted], keep_in=seeds, say=print, seconds=lambda: 0.0).take(BROKEN)

    assert kept_seeds(seeds) == []
