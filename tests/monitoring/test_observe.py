"""``make observe``: the rules are loaded, every query is answered, and every metric is there."""

import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from json import dumps, load
from pathlib import Path
from typing import Any, Final

import pytest
from monitoring.observing import Observed, observing, surroundings
from monitoring.pages import PAGES, blocks
from prometheus_client.parser import text_string_to_metric_families
from support.server import REPOSITORY

from scripts.monitoring import promql
from scripts.monitoring.rule_files import groups, recorded
from tests.support.waiting import until

OF_PROMETHEUS: Final = {"up"}
_SUFFIXES: Final = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_sum", "_count"),
    "gauge": ("",),
}
WITHOUT_A_FIGURE_HERE: Final = re.compile(
    r"^(service: (Calls, and what is usual [BC]|Database connections B|Valkey)"
    r"|service: Leasing calls that fail"
    r"|signing: (Attempts that fail|Keys of issuers))"
)
"""Queries that have no answer beside a young server on SQLite with a local root, which is well."""


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """A server that was used, with Prometheus beside it."""
    with observing(tmp_path_factory.mktemp("observe") / "data") as running:
        _use(running)
        yield running


def _use(running: Observed) -> None:
    """Take every seat and one more, renew, release, and come with a wrong credential."""
    taken = [_acquire(running, f"device-{number}") for number in range(11)]
    assert [status for status, _ in taken] == [201] * 10 + [409]
    session = f"/api/v1/licenses/sessions/{taken[0][1]['session_id']}/"
    assert _call(running, "PATCH", f"{session}heartbeat/", {})[0] == 200
    assert _call(running, "GET", "/api/v1/licenses/", None, "not-a-token")[0] == 401


def _acquire(running: Observed, device: str) -> tuple[int, Any]:
    body = {"license_key": running.demo["license_key"], "hardware_id": device}
    return _call(running, "POST", "/api/v1/licenses/acquire/", body)


def _call(
    running: Observed, method: str, path: str, body: Any, token: str | None = None
) -> tuple[int, Any]:
    bearer = f"Bearer {token}" if token else f"License {running.demo['license_key']}"
    request = urllib.request.Request(
        running.server_url + path,
        data=None if body is None else dumps(body).encode(),
        headers={"Authorization": bearer, "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, load(refused)


def exported(text: str) -> dict[str, set[str]]:
    """Return the labels of every series that a server shows or may show, by the series' name."""
    shown: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for suffix in _SUFFIXES.get(family.type, ()):
            shown[family.name + suffix] = set()
        for sample in family.samples:
            shown.setdefault(sample.name, set()).update(sample.labels)
    return shown


def asked_for() -> dict[str, str]:
    """Return every expression of rules, dashboards and runbook pages."""
    pages = {
        f"{page.stem} {number}": line
        for page in PAGES
        for number, line in enumerate(blocks(page.read_text(), "promql"))
    }
    return promql.of_rules() | promql.of_dashboards() | pages


def test_every_metric_that_is_asked_for_is_exported(observed: Observed) -> None:
    shown = exported(observed.metrics()).keys() | OF_PROMETHEUS | recorded()

    missing = {what: promql.names(text) - shown for what, text in asked_for().items()}
    assert {what: names for what, names in missing.items() if names} == {}


def test_every_label_that_is_asked_for_is_there(observed: Observed) -> None:
    shown = exported(observed.metrics())
    unknown = {
        (selector.name, label)
        for text in asked_for().values()
        for selector in promql.selectors(text)
        for label in promql.matchers(selector).keys() - {"job"}
        if selector.name and shown.get(selector.name) and label not in shown[selector.name]
    }

    assert unknown == set()


def test_a_metric_that_nobody_exports_is_noticed(observed: Observed) -> None:
    shown = exported(observed.metrics())

    assert "http_requests_total" in shown
    assert not promql.names("rate(http_request_total[5m])") <= shown.keys()


def test_prometheus_has_every_rule(observed: Observed) -> None:
    loaded = [rule for group in observed.ask("rules")["groups"] for rule in group["rules"]]

    assert {rule["name"] for rule in loaded} == promql.of_rules().keys()
    assert {rule["health"] for rule in loaded} <= {"ok", "unknown"}  # not yet its turn
    said = "".join(observed.output)
    assert f"Rules loaded: {sum(len(group['rules']) for group in groups())}" in said
    assert "license-api-security: HighAuthenticationFailureRate, PotentialDDoSAttack" in said


def test_every_query_is_answered(observed: Observed) -> None:
    for expression in asked_for().values():
        assert observed.ask("query", query=expression)["resultType"] == "vector"


def test_every_query_of_a_dashboard_shows_something(observed: Observed) -> None:
    silent = {
        name: promql.spelled_out(expression)
        for name, expression in promql.of_dashboards().items()
        if not WITHOUT_A_FIGURE_HERE.match(name)
    }

    def all_show() -> bool:
        for name in [*silent]:
            if observed.ask("query", query=silent[name])["result"]:
                del silent[name]
        return not silent

    with suppress(AssertionError):
        until(all_show, seconds=60)
    assert silent == {}


def test_nothing_is_wrong_with_a_server_that_is_well(observed: Observed) -> None:
    firing = {
        alert["labels"]["alertname"]
        for alert in observed.ask("alerts")["alerts"]
        if alert["state"] == "firing"
    }

    assert firing <= {"DeadMansSwitch"}


def test_a_running_server_is_joined_and_left_alone(observed: Observed, tmp_path: Path) -> None:
    with observing(tmp_path / "data", METRICS_PORT=observed.environment["METRICS_PORT"]) as second:
        assert "joining the server" in "".join(second.output)
        assert second.interrupt() == 0

    assert "http_requests_total" in observed.metrics()


def test_a_port_that_is_taken_is_said(observed: Observed, tmp_path: Path) -> None:
    taken = observed.environment["PROMETHEUS_PORT"]

    said = _run(surroundings(tmp_path) | {"PROMETHEUS_PORT": taken})

    assert said == f"error: port {taken} is taken: choose another PROMETHEUS_PORT\n"


def test_ctrl_c_ends_all_of_it(observed: Observed) -> None:
    """Stands last: it ends what the other tests look at."""
    assert observed.interrupt() == 0

    assert observed.output[-1] == "stopped\n"
    with pytest.raises(urllib.error.URLError):
        observed.metrics()
    with pytest.raises(urllib.error.URLError):
        observed.ask("rules")


def test_without_prometheus_it_says_how_to_get_it(tmp_path: Path) -> None:
    said = _run(surroundings(tmp_path) | {"PATH": str(tmp_path)})

    assert said.startswith("error: Prometheus is not installed here.")
    assert "apt-get install" in said


def test_a_port_that_is_none_is_said(tmp_path: Path) -> None:
    program = tmp_path / "prometheus"
    program.touch(mode=0o700)

    said = _run(surroundings(tmp_path) | {"PATH": str(tmp_path), "METRICS_PORT": "80x"})

    assert said == "error: METRICS_PORT is no port: '80x'\n"


def _run(environment: dict[str, str]) -> str:
    """Return what it says on standard error where it does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.monitoring.observe"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stderr
