"""The rule files of Prometheus: kubernetes/monitoring/rules, of which all other forms are made."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

MONITORING: Final = Path(__file__).resolve().parents[2] / "kubernetes/monitoring"
RULES: Final = MONITORING / "rules"
RULE_TESTS: Final = MONITORING / "rule-tests"


def groups() -> list[dict[str, Any]]:
    """Return every rule group, file by file in the order of their names."""
    return [group for path in rule_files() for group in yaml.safe_load(path.read_text())["groups"]]


def rule_files() -> list[Path]:
    """Return the rule files, by name."""
    return sorted(RULES.glob("*.yaml"))


def rules() -> Iterator[dict[str, Any]]:
    """Yield every rule of every group, alerts and recordings."""
    for group in groups():
        yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    """Return every alert by its name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded() -> set[str]:
    """Return the names that recording rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}
