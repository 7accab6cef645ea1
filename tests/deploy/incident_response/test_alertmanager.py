"""Alertmanager itself, with our routes (kubernetes/monitoring/alertmanager.yaml) and webhook."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml
from deploy.incident_response.bats import HERE
from deploy.incident_response.pagers import KEY, running_pagerduty

from scripts.monitoring.rule_files import alerts
from tests.support.ports import free_port
from tests.support.waiting import until

REPOSITORY = HERE.parents[2]
CONFIG = REPOSITORY / "kubernetes" / "monitoring" / "alertmanager.yaml"
TOKEN: Final = "token-of-the-webhook-" + "0" * 20
SECONDS: Final = 60


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NO {name} ON THIS MACHINE (apt-get install prometheus-alertmanager)")
    return found


def amtool(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [program("amtool"), *words], capture_output=True, text=True, timeout=60, check=False
    )


def receivers(**labels: str) -> list[str]:
    """Return who gets an alert with these labels."""
    told = [f"{name}={value}" for name, value in labels.items()]
    routed = amtool("config", "routes", "test", f"--config.file={CONFIG}", *told)
    assert routed.returncode == 0, routed.stderr
    return routed.stdout.strip().splitlines()[-1].split(",")


def test_amtool_takes_the_routes() -> None:
    checked = amtool("check-config", str(CONFIG))

    assert checked.returncode == 0, checked.stderr
    assert "5 receivers" in checked.stdout


def test_amtool_would_refuse_a_receiver_that_is_not_there(tmp_path: Path) -> None:
    broken = tmp_path / "alertmanager.yaml"
    broken.write_text(CONFIG.read_text().replace("- name: nobody", "- name: somebody"))

    checked = amtool("check-config", str(broken))

    assert checked.returncode != 0
    assert "nobody" in checked.stderr + checked.stdout


@pytest.mark.parametrize(
    ("name", "severity", "expected"),
    [
        ("PotentialDDoSAttack", "critical", ["incident", "on-call"]),
        ("CloudKMSSigningFailures", "critical", ["incident", "on-call"]),
        ("LicenseSignatureWrong", "critical", ["incident", "on-call"]),
        ("HighAuthenticationFailureRate", "warning", ["morning"]),
        ("LicenseServersAway", "critical", ["on-call"]),
        ("DeadMansSwitch", "none", ["watcher"]),
        ("LicenseSeatsExhausted", "info", ["nobody"]),
    ],
)
def test_each_alert_goes_where_its_severity_says(
    name: str, severity: str, expected: list[str]
) -> None:
    assert alerts()[name]["labels"]["severity"] == severity
    assert receivers(alertname=name, severity=severity, component="license-api") == expected


def test_every_name_in_the_routes_is_an_alert() -> None:
    (route,) = (one for one in routes() if one["receiver"] == "incident")
    names = next(one for one in route["matchers"] if "alertname" in one).split('"')[1].split("|")

    assert set(names) <= alerts().keys()


def routes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text())["route"]["routes"]
    return found


@contextmanager
def running(words: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("w") as file,
        subprocess.Popen(words, env=environment, stdout=file, stderr=subprocess.STDOUT) as child,
    ):
        try:
            yield
        finally:
            child.terminate()
            child.wait(SECONDS)


def config_for(folder: Path, webhook_port: int) -> Path:
    """Write the routes as they are, with our webhook's address and token, and nobody else."""
    config = yaml.safe_load(CONFIG.read_text())
    config["route"].update(group_wait="1s", group_interval="1s", receiver="nobody")
    kept = [one for one in config["route"]["routes"] if one["receiver"] == "incident"]
    config["route"]["routes"] = [{**kept[0], "group_wait": "0s", "repeat_interval": "1s"}]
    hook = next(one for one in config["receivers"] if one["name"] == "incident")
    hook["webhook_configs"][0]["url"] = f"http://127.0.0.1:{webhook_port}/alerts"
    authorization = hook["webhook_configs"][0]["http_config"]["authorization"]
    authorization["credentials_file"] = str(folder / "token")
    config["receivers"] = [hook, {"name": "nobody"}]
    (folder / "alertmanager.yaml").write_text(yaml.safe_dump(config))
    return folder / "alertmanager.yaml"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with what the webhook is given, and stand-ins' notes."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "policy.json").write_text('[{"rules": []}]')
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "key").write_text(KEY)
    return tmp_path


@contextmanager
def webhook(place: Path, url: str, port: int) -> Iterator[None]:
    """Run our program as the pod does, with stand-ins for gcloud and kubectl."""
    environment = {
        "PATH": f"{HERE / 'fakes'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FAKE_STATE": str(place / "state"),
        "PAGERDUTY_URL": url,
        "PAGERDUTY_KEY_FILE": str(place / "key"),
        "LICENSE_INCIDENT_WEBHOOK_TOKEN_FILE": str(place / "token"),
        "LICENSE_INCIDENT_DIRECTORY": str(place / "incidents"),
    }
    tool = REPOSITORY / "scripts" / "incident-response" / "license-incident"
    with running([str(tool), "webhook", f"--port={port}"], environment, place / "webhook.log"):
        until(lambda: answers(f"http://127.0.0.1:{port}/health"), seconds=SECONDS)
        yield


@contextmanager
def alertmanager(place: Path, webhook_port: int) -> Iterator[int]:
    """Run Alertmanager and yield its port."""
    port = free_port()
    words = [
        program("prometheus-alertmanager"),
        f"--config.file={config_for(place, webhook_port)}",
        f"--storage.path={place / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(words, dict(os.environ), place / "alertmanager.log"):
        until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), seconds=SECONDS)
        yield port


def test_an_alert_goes_through_alertmanager_to_the_page_and_the_evidence(place: Path) -> None:
    program("prometheus-alertmanager")
    webhook_port, log = free_port(), place / "webhook.log"

    def finished() -> bool:
        journals = (place / "incidents").glob("alert-*/journal.jsonl")
        return any("snapshot checked" in path.read_text() for path in journals)

    with running_pagerduty() as pagerduty:
        with webhook(place, pagerduty.url, webhook_port), alertmanager(place, webhook_port) as port:
            fire(port, "PotentialDDoSAttack", "critical")
            fire(port, "LicenseLatencyBudgetBurns", "warning")
            until(finished, seconds=SECONDS)
            until(lambda: repeats(log) >= 1, seconds=SECONDS)
        pages = [one for one in pagerduty.events if "sealed" not in str(one)]

    assert len(pages) == 1  # the repetitions are known
    assert pages[0]["payload"]["custom_details"]["alerts"][0]["alertname"] == "PotentialDDoSAttack"
    assert "rules update" not in (place / "state" / "calls").read_text()
    assert KEY not in log.read_text()


def fire(port: int, name: str, severity: str) -> None:
    labels = {"alertname": name, "severity": severity, "component": "license-api"}
    body = json.dumps([{"labels": labels, "annotations": {"summary": "tried"}}])
    httpx.post(
        f"http://127.0.0.1:{port}/api/v2/alerts",
        content=body,
        headers={"Content-Type": "application/json"},
    ).raise_for_status()


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def repeats(log: Path) -> int:
    """Return how often Alertmanager told again what was known."""
    return log.read_text().count("call        200")
