"""Every case of every alert. They are close to the thresholds: move one, and a case notices."""

from pathlib import Path

from monitoring import thresholds
from monitoring.promtool import promtool

from scripts.monitoring.rule_files import alerts


def test_every_case_holds_and_no_threshold_can_be_moved_unnoticed(tmp_path: Path) -> None:
    files = thresholds.write(tmp_path, alerts())

    tried = promtool("test", "rules", *files, folder=tmp_path / "rule-tests")

    said = tried.stdout + tried.stderr
    assert said.count("Unit Testing:") == len(files), said
    failed = thresholds.noticed(said)
    assert failed & alerts().keys() == set(), said
    assert {one.name for one in thresholds.all_moves(alerts())} == failed


def test_a_number_is_moved_where_it_stands() -> None:
    expression = "a > 0.5 and b > 0 unless up == 0"

    assert thresholds.move(expression, 0, up=True) == "a > 0.8 and b > 0 unless up == 0"
    assert thresholds.move(expression, 1, up=False) == "a > 0.5 and b > -1 unless up == 0"
    assert thresholds.move(expression, 2, up=True) == "a > 0.5 and b > 0 unless up == 1"
