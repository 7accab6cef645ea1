"""Every number that an alert compares with, moved: a case of the alert must notice."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from monitoring import rule_tests

from scripts.monitoring.rule_files import RULES

FACTOR: Final = 1.6
_COMPARED: Final = re.compile(r"(==|>|<) (\d[\d.]*)")
_FAILED: Final = re.compile(r"alertname: (\w+),")


class Moved(NamedTuple):
    """One comparison of one alert, with its number moved up or down."""

    alert: str
    place: int
    up: bool

    @property
    def name(self) -> str:
        """What the moved copy of the alert is called."""
        return f"{self.alert}_{self.place}_{'up' if self.up else 'down'}"


def all_moves(alerts: dict[str, dict[str, Any]]) -> Iterator[Moved]:
    """Yield every move there is. What equals 0 or 1 can only be moved away."""
    for name, alert in alerts.items():
        for place, found in enumerate(_COMPARED.finditer(alert["expr"])):
            yield Moved(name, place, up=True)
            if found[1] != "==":
                yield Moved(name, place, up=False)


def move(expression: str, place: int, *, up: bool) -> str:
    """Return an expression with the number of one of its comparisons moved."""
    found = [*_COMPARED.finditer(expression)][place]
    moved = _moved(found[1], float(found[2]), up=up)
    return f"{expression[: found.start(2)]}{moved:g}{expression[found.end(2) :]}"


def _moved(operator: str, number: float, *, up: bool) -> float:
    if operator == "==":
        return number + 1
    if number == 0:
        return 1e9 if up else -1.0
    return number * FACTOR if up else number / FACTOR


def write(folder: Path, alerts: dict[str, dict[str, Any]]) -> list[str]:
    """Write all rules and cases, each alert beside one copy of it for each move there is.

    A copy has the cases of its alert, so promtool judges every move in one run. Returns the names
    of the test files.
    """
    copies = {name: [one for one in all_moves(alerts) if one.alert == name] for name in alerts}
    (folder / "rules").mkdir()
    (folder / "rule-tests").mkdir()
    for path in RULES.glob("*.yaml"):
        content = yaml.safe_load(path.read_text())
        for group in content["groups"]:
            group["rules"] = [rule for one in group["rules"] for rule in _with_copies(one, copies)]
        (folder / "rules" / path.name).write_text(json.dumps(content))  # JSON is YAML too
    for name, file in rule_tests.files().items():
        (folder / "rule-tests" / name).write_text(json.dumps(_with_cases(file, copies)))
    return sorted(rule_tests.files())


def _with_copies(rule: dict[str, Any], copies: dict[str, list[Moved]]) -> Iterator[dict[str, Any]]:
    yield rule
    for one in copies.get(rule.get("alert", ""), []):
        moved = move(rule["expr"], one.place, up=one.up)
        yield {**rule, "alert": one.name, "expr": moved}


def _with_cases(file: dict[str, Any], copies: dict[str, list[Moved]]) -> dict[str, Any]:
    kept = deepcopy(file)
    for case in kept["tests"]:
        checks = case["alert_rule_test"]
        case["alert_rule_test"] = checks + [
            {**check, "alertname": one.name}
            for check in checks
            for one in copies[check["alertname"]]
        ]
    return kept


def noticed(output: str) -> set[str]:
    """Return the alerts and copies of which a case failed, as promtool says."""
    return set(_FAILED.findall(output))
