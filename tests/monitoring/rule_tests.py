"""What the test files of the rules say, and what they are still to say."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import yaml

from scripts.monitoring.rule_files import RULE_TESTS

SEVERITIES: Final = {"critical", "warning", "info", "none"}
ALWAYS_ON: Final = {"DeadMansSwitch": "vector(1)"}
"""Alerts that are never silent, by the expression that makes them so."""


class Check(NamedTuple):
    """One expectation of a test file: an alert fires at some time, or is silent."""

    alert: str
    fires: bool


@cache
def files() -> dict[str, dict[str, Any]]:
    """Return every test file by its name."""
    return {path.name: yaml.safe_load(path.read_text()) for path in RULE_TESTS.glob("*.yaml")}


def checks() -> Iterator[Check]:
    """Yield every expectation of every file."""
    for file in files().values():
        for case in file["tests"]:
            for check in case["alert_rule_test"]:
                yield Check(check["alertname"], bool(check["exp_alerts"]))


def complaints(alert: Mapping[str, Any], known: set[Check]) -> list[str]:
    """Return what an alert lacks: labels, words, a page, a case in which it fires or is silent."""
    name, labels, said = alert["alert"], alert.get("labels", {}), alert.get("annotations", {})
    found = [
        f"no {word}" for word in ("summary", "description", "runbook_url") if not said.get(word)
    ]
    if labels.get("severity") not in SEVERITIES:
        found.append("no severity")
    if labels.get("component") != "license-api":
        found.append("no component")
    if Check(name, fires=True) not in known:
        found.append("no case in which it fires")
    if Check(name, fires=False) not in known and ALWAYS_ON.get(name) != alert["expr"]:
        found.append("no case in which it is silent")
    return found
