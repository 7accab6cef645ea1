"""Alerts: complete, of metrics that are ours, and in step with what Kubernetes gets."""

from pathlib import Path
from typing import Final

import pytest
import yaml
from monitoring import rule_tests
from monitoring.promtool import promtool

from scripts.monitoring import promql
from scripts.monitoring.__main__ import main
from scripts.monitoring.kubernetes_objects import objects
from scripts.monitoring.rule_files import MONITORING, RULE_TESTS, RULES, alerts, groups, recorded

SEEDS: Final = {
    "HighAuthenticationFailureRate": "warning",
    "PotentialDDoSAttack": "critical",
    "CloudKMSSigningFailures": "critical",
    "DatabaseConnectionPoolExhausted": "warning",
}
NOT_ALWAYS_SHOWN: Final = {
    "up": "of Prometheus itself; LicenseServersAway tells of it",
    "kms_sign_errors_total": "only after an error",
    "kms_sign_seconds_bucket": "only where Cloud KMS signs",
    "django_db_connections_max": "SQLite has no bound",
    "license_soft_state_up": "only where Valkey is used",
    "license_denials_total": "only after a denial",
    "http_request_duration_seconds_bucket": "its count tells of it",
}


@pytest.mark.parametrize("name", sorted(alerts()))
def test_every_alert_is_complete(name: str) -> None:
    assert rule_tests.complaints(alerts()[name], set(rule_tests.checks())) == []


def test_an_alert_that_lacks_something_is_noticed() -> None:
    bare = {"alert": "Bare", "expr": "up == 0", "labels": {"severity": "loud"}}

    assert rule_tests.complaints(bare, set()) == [
        "no summary",
        "no description",
        "no runbook_url",
        "no severity",
        "no component",
        "no case in which it fires",
        "no case in which it is silent",
    ]


def test_the_first_four_alerts_keep_their_names_group_and_labels() -> None:
    group = next(group for group in groups() if group["name"] == "license-api-security")

    found = {rule["alert"]: rule["labels"] for rule in group["rules"]}
    assert found == {
        name: {"severity": severity, "component": "license-api"} for name, severity in SEEDS.items()
    }


def test_signing_failures_are_told_within_two_minutes() -> None:
    assert alerts()["CloudKMSSigningFailures"]["for"] == "2m"


@pytest.mark.parametrize(("name", "expression"), promql.of_rules().items())
def test_rules_look_at_our_servers_alone(name: str, expression: str) -> None:
    for selector in promql.selectors(expression):
        assert selector.name in recorded() or promql.matchers(selector)["job"] == "license-api"


def test_an_alert_whose_metric_is_gone_is_not_blind() -> None:
    used = {name for alert in alerts().values() for name in promql.names(alert["expr"])}
    used |= {
        name
        for made in recorded()
        for name in promql.names(promql.of_rules()[made])
        if made in used
    }
    watched = promql.names(alerts()["LicenseMetricsAbsent"]["expr"]) - {"up"}

    assert used - recorded() - set(NOT_ALWAYS_SHOWN) == watched


def test_what_kubernetes_gets_is_in_step_with_the_rules() -> None:
    assert main(["--check"]) == 0

    made = {path.name: yaml.safe_load(path.read_text()) for path in objects()}
    assert {path: (one["apiVersion"], one["kind"]) for path, one in made.items()} == {
        "prometheus-rule.yaml": ("monitoring.coreos.com/v1", "PrometheusRule"),
        "managed-rules.yaml": ("monitoring.googleapis.com/v1", "Rules"),
    }
    for one in made.values():
        assert one["metadata"]["name"] == "license-api-alerts"
        assert one["spec"]["groups"] == groups()


def test_a_file_that_is_not_in_step_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--runbooks", "https://pages.example/"]) == 1
    assert "not in step: prometheus-rule.yaml" in capsys.readouterr().out


def test_the_files_can_be_written_elsewhere(tmp_path: Path) -> None:
    words = ["--to", str(tmp_path / "made"), "--runbooks", "https://pages.example/"]

    assert main([*words, "--check"]) == 1
    assert main(words) == 0
    assert main([*words, "--check"]) == 0
    assert {path.name for path in (tmp_path / "made/dashboards").iterdir()} == {
        "seats.json",
        "service.json",
        "signing.json",
    }


def test_runbook_pages_get_the_address_they_are_published_under() -> None:
    made = yaml.safe_load(next(iter(objects("https://pages.example/").values())))

    urls = {
        rule["annotations"]["runbook_url"]
        for group in made["spec"]["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert all(url.startswith("https://pages.example/docs/runbooks/") for url in urls)


def test_prometheus_takes_every_rule() -> None:
    checked = promtool(
        "check", "rules", *[path.name for path in RULES.glob("*.yaml")], folder=RULES
    )

    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count("SUCCESS") == len([*RULES.glob("*.yaml")])


def test_the_cases_are_tried_where_they_lie() -> None:
    """One file as its first line says; test_thresholds.py tries them all."""
    tried = promtool("test", "rules", "signing.yaml", folder=RULE_TESTS)

    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_a_rule_that_fires_wrongly_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rule-tests").mkdir()
    wrong = (RULES / "signing.yaml").read_text().replace("< 7200", "< 8000")
    (tmp_path / "rules/signing.yaml").write_text(wrong)
    (tmp_path / "rule-tests/signing.yaml").write_text((RULE_TESTS / "signing.yaml").read_text())

    tried = promtool("test", "rules", "signing.yaml", folder=tmp_path / "rule-tests")

    assert tried.returncode == 1
    assert "alertname: LicenseDelegationEnds" in tried.stdout + tried.stderr


def test_there_is_nothing_in_the_folder_that_nobody_makes_or_tries() -> None:
    tried = {Path(rule).name for file in rule_tests.files().values() for rule in file["rule_files"]}

    assert tried == {path.name for path in RULES.glob("*.yaml")}
    others = {"kustomization.yaml", "log-export.yaml", "alertmanager.yaml"}  # tests/deploy
    made = {path.name for path in MONITORING.glob("*.yaml")} - others
    assert made == {path.name for path in objects()}
