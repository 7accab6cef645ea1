"""What an expression of PromQL names."""

import json
from collections.abc import Iterator
from typing import Any

import promql_parser
from promql_parser import Expr, VectorSelector

from scripts.monitoring.rule_files import MONITORING, rules


def selectors(expression: str) -> list[VectorSelector]:
    """Return every series that an expression asks for. Raises ValueError for what is no PromQL."""
    found: list[VectorSelector] = []

    def note(part: Expr) -> bool:
        if isinstance(part, VectorSelector):
            found.append(part)
        return True

    promql_parser.walk(promql_parser.parse(expression), pre_visit=note)
    return found


def names(expression: str) -> set[str]:
    """Return the names of the metrics that an expression asks for."""
    return {selector.name for selector in selectors(expression) if selector.name}


def matchers(selector: VectorSelector) -> dict[str, str]:
    """Return what a selector asks of each label, as text."""
    return {matcher.name: matcher.value for matcher in selector.matchers.matchers}


def of_rules() -> dict[str, str]:
    """Return the expression of each rule, by the rule's name."""
    return {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules()}


def of_dashboards() -> dict[str, str]:
    """Return the expression of each query, by dashboard, panel and letter.

    Grafana's own ``$__rate_interval`` is one minute in them.
    """
    return {
        f"{path.stem}: {panel['title']} {target['refId']}": _without_variables(target["expr"])
        for path in sorted(MONITORING.glob("dashboards/*.json"))
        for panel in panels(json.loads(path.read_text()))
        for target in panel.get("targets", [])
    }


def spelled_out(expression: str) -> str:
    """Return an expression with what recording rules make worked out in it, where that can be.

    The recorded baseline stays: a range of what another rule recorded cannot be spelled out.
    """
    for rule in rules():
        if "record" in rule and "[8d]" not in rule["expr"]:
            expression = expression.replace(rule["record"], f"({rule['expr'].strip()})")
    return expression


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel of a dashboard, those in closed rows too."""
    for panel in board["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _without_variables(expression: str) -> str:
    return expression.replace("$__rate_interval", "1m")
