"""Dashboards: what Grafana's own types allow and nothing else, and queries about our servers."""

import json
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.monitoring import promql
from scripts.monitoring.dashboards import dashboards
from scripts.monitoring.rule_files import MONITORING, recorded

register_default_plugins()
FILES: Final = sorted(MONITORING.glob("dashboards/*.json"))
_SIMPLE: Final[Mapping[type, tuple[type, ...]]] = {float: (int, float), int: (int,), str: (str,)}


def complaints(board: dict[str, Any]) -> list[str]:
    """Return what a dashboard has that Grafana 11.6 knows nothing of, or of another type."""
    try:
        read = Dashboard.from_json(board)
    except (ValueError, TypeError, KeyError, AttributeError) as unreadable:
        return [f"unreadable: {unreadable!r}"]
    kept = json.loads(json.dumps(read, cls=JSONEncoder))
    lost = [] if kept == board else [f"not known: {sorted(_texts(board) - _texts(kept))}"]
    return lost + _misfits(read, "dashboard")


def _texts(value: Any) -> set[str]:
    """Return a text for each value, with the way to it."""
    if isinstance(value, dict):
        return {f"{name}.{text}" for name, inner in value.items() for text in _texts(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in _texts(inner)}
    return {repr(value)}


def _misfits(value: object, path: str) -> list[str]:
    """Return where a value and the type that its class declares for it differ, all the way down."""
    found = []
    for name, hint in typing.get_type_hints(type(value)).items():
        inner = getattr(value, name)
        if not _fits(inner, hint):
            found.append(f"{path}.{name} is no {hint}: {inner!r}")
        parts = inner if isinstance(inner, list) else [inner]
        for part in parts:
            if hasattr(part, "to_json"):
                found += _misfits(part, f"{path}.{name}")
    return found


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return any(_fits(value, one) for one in arguments)
    if origin is list:
        return isinstance(value, list) and all(_fits(one, arguments[0]) for one in value)
    if origin is dict:
        return isinstance(value, dict) and all(_fits(one, arguments[1]) for one in value.values())
    allowed = _allowed(hint)
    if allowed is not None:
        return value in allowed
    types_of_it = _SIMPLE.get(hint, (hint,) if isinstance(hint, type) else (object,))
    return isinstance(value, types_of_it) and isinstance(value, bool) <= (hint not in _SIMPLE)


def _allowed(hint: Any) -> list[object] | None:
    """Return the only values of a type, which the library reads as they are written."""
    if typing.get_origin(hint) is typing.Literal:
        return list(typing.get_args(hint))
    is_enum = isinstance(hint, type) and issubclass(hint, Enum)
    return [one.value for one in hint] if is_enum else None


def loaded(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text())
    return board


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_dashboard_is_what_grafana_knows(path: Path) -> None:
    assert complaints(loaded(path)) == []


def _misspelt(board: dict[str, Any]) -> None:
    board["panels"][1]["fieldConfig"]["defaults"]["units"] = "s"


def _unknown_enum(board: dict[str, Any]) -> None:
    board["panels"][1]["fieldConfig"]["defaults"]["custom"]["drawStyle"] = "lin"


def _wrong_type(board: dict[str, Any]) -> None:
    board["panels"][1]["gridPos"]["w"] = "12"


def _query_without_member(board: dict[str, Any]) -> None:
    board["panels"][1]["targets"][0]["query"] = board["panels"][1]["targets"][0].pop("expr")


@pytest.mark.parametrize("spoil", [_misspelt, _unknown_enum, _wrong_type, _query_without_member])
def test_what_grafana_does_not_know_is_noticed(spoil: Any) -> None:
    board = loaded(MONITORING / "dashboards/service.json")
    spoil(board)

    assert complaints(board)


def test_the_files_are_what_the_code_makes() -> None:
    assert sorted(dashboards()) == FILES
    for path, text in dashboards().items():
        assert path.read_text() == text


def test_the_first_panel_of_signing_is_the_share_that_succeeds_by_signer() -> None:
    first = loaded(MONITORING / "dashboards/signing.json")["panels"][0]

    assert (first["type"], first["gridPos"]["x"], first["gridPos"]["y"]) == ("timeseries", 0, 0)
    assert "sum by (signer)" in first["targets"][0]["expr"]
    assert first["targets"][0]["expr"].count("license_signatures_total{") == 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_panels_explain_themselves_and_do_not_overlap(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in promql.panels(loaded(path)):
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_queries_look_at_our_servers_alone() -> None:
    for query in promql.of_dashboards().values():
        for selector in promql.selectors(query):
            assert selector.name in recorded() or promql.matchers(selector)["job"] == "license-api"


def test_every_panel_asks_the_prometheus_that_was_chosen() -> None:
    for path in FILES:
        for panel in promql.panels(loaded(path)):
            for target in panel.get("targets", []):
                assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
