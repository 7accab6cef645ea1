"""The webhook's door and desk, with what Alertmanager sends."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from deploy.incident_response.bats import HERE
from deploy.incident_response.pagers import KEY, PagerDuty, running_pagerduty

from license_incident.errors import Refused
from license_incident.journal import now
from license_incident.paging import Pager
from license_incident.settings import Settings
from license_incident.webhook.alerts import MOST_ALERTS, MOST_BYTES, Unreadable, read
from license_incident.webhook.desk import Desk
from license_incident.webhook.server import Door
from tests.support.waiting import until

TOKEN = "token-of-the-webhook-" + "0" * 20
PAYLOAD = json.loads((HERE / "payloads" / "firing.json").read_text())


@dataclass
class Running:
    """A webhook that runs, and where it writes."""

    url: str
    folder: Path
    pagerduty: PagerDuty
    calls: Path

    def post(self, payload: Any, token: str = TOKEN) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return httpx.post(
            f"{self.url}/alerts", content=body, headers={"Authorization": f"Bearer {token}"}
        )

    def pages(self) -> list[dict[str, Any]]:
        return [one for one in self.pagerduty.events if "sealed" not in str(one)]

    def journal(self, incident: str) -> list[dict[str, Any]]:
        path = self.folder / incident / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def is_done(self, incident: str) -> bool:
        return any(entry["step"] == "snapshot checked" for entry in self.journal(incident))


@contextmanager
def running(folder: Path, pagerduty: PagerDuty, state: Path) -> Iterator[Running]:
    place = replace(Settings(), directory=str(folder))
    desk = Desk(place, Pager(pagerduty.url, KEY), clock=now, out=(state / "said").open("a"))
    with Door(("127.0.0.1", 0), desk, TOKEN) as door:
        desk.start()
        thread = threading.Thread(target=door.serve_forever)
        thread.start()
        try:
            yield Running(
                f"http://127.0.0.1:{door.server_port}", folder, pagerduty, state / "calls"
            )
        finally:
            door.shutdown()
            thread.join()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for gcloud and kubectl on PATH, and where they note what they are told."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "policy.json").write_text('[{"rules": []}]')
    monkeypatch.setenv("PATH", f"{HERE / 'fakes'}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_STATE", str(folder))
    return folder


@pytest.fixture
def webhook(tmp_path: Path, state: Path) -> Iterator[Running]:
    with running_pagerduty() as desk, running(tmp_path / "incidents", desk, state) as one:
        yield one


def test_an_alert_is_paged_and_its_evidence_taken_without_a_person(webhook: Running) -> None:
    answer = webhook.post(PAYLOAD)

    incident = answer.json()["incident"]
    assert answer.status_code == 202
    until(lambda: webhook.is_done(incident), seconds=60, failure="the evidence is taken")
    (page,) = webhook.pages()
    assert (page["event_action"], page["dedup_key"]) == ("trigger", incident)
    told = page["payload"]["custom_details"]
    assert told["block everybody"] == (
        "scripts/incident-response/license-incident block-all"
        f" --incident {incident} --yes --confirm {incident}"
    )
    assert told["alerts"][0]["alertname"] == "PotentialDDoSAttack"
    steps = [entry["step"] for entry in webhook.journal(incident)]
    assert steps[0] == "page"
    assert {"pods", "kms activity", "seal", "upload"} <= set(steps)
    calls = webhook.calls.read_text()
    assert "sql backups create" in calls
    assert "storage cp" in calls


def test_an_alert_blocks_nothing_and_runs_nothing_in_a_pod(webhook: Running) -> None:
    incident = webhook.post(PAYLOAD).json()["incident"]
    until(lambda: webhook.is_done(incident), seconds=60, failure="the evidence is taken")

    calls = webhook.calls.read_text()
    for right in ("rules update", "rules create", "suspend", "extend_leases", "kubectl exec"):
        assert right not in calls


def test_the_same_alert_again_is_known(webhook: Running) -> None:
    first = webhook.post(PAYLOAD)
    again = webhook.post(PAYLOAD)

    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == {"incident": first.json()["incident"], "new": False}
    until(
        lambda: webhook.is_done(first.json()["incident"]),
        seconds=60,
        failure="the evidence is taken",
    )
    assert len(webhook.pages()) == 1


def test_an_alert_that_joins_the_group_is_added_to_the_same_page(webhook: Running) -> None:
    joined = json.loads(json.dumps(PAYLOAD))
    joined["alerts"].append(
        {**PAYLOAD["alerts"][0], "fingerprint": "f" * 16, "startsAt": "2030-01-01T00:05:00Z"}
    )

    first, second = webhook.post(PAYLOAD), webhook.post(joined)

    assert second.status_code == 202
    assert second.json()["incident"] == first.json()["incident"]
    until(lambda: len(webhook.pages()) == 2, seconds=60, failure="the second page")
    assert len(webhook.pages()[1]["payload"]["custom_details"]["alerts"]) == 1


def test_what_is_over_is_no_incident(webhook: Running) -> None:
    resolved = {**PAYLOAD, "alerts": [{**PAYLOAD["alerts"][0], "status": "resolved"}]}

    assert webhook.post(resolved).json() == {"incident": None, "new": False}


def test_a_webhook_that_died_finishes_what_it_took_on(tmp_path: Path, state: Path) -> None:
    folder = tmp_path / "incidents"
    with running_pagerduty() as desk:
        place = replace(Settings(), directory=str(folder))
        dead = Desk(place, Pager(desk.url, KEY), clock=now)  # takes on, and never starts to work
        notice = read(json.dumps(PAYLOAD).encode())
        assert notice is not None
        assert dead.take(notice)
        with running(folder, desk, state) as alive:
            until(
                lambda: alive.is_done(notice.incident), seconds=60, failure="the evidence is taken"
            )
            until(
                lambda: not list(folder.glob("webhook/pending-*")),
                seconds=60,
                failure="it is finished",
            )
            assert alive.post(PAYLOAD).status_code == 200


def test_strangers_are_refused_before_their_body_is_read(webhook: Running) -> None:
    for token in ("x", "wrong", TOKEN[:-1], TOKEN + "0"):
        answer = webhook.post(PAYLOAD, token)
        assert answer.status_code == 401
    assert httpx.post(f"{webhook.url}/alerts", json=PAYLOAD).status_code == 401
    assert not list(webhook.folder.glob("alert-*"))


def test_a_body_has_a_length_and_a_limit(webhook: Running) -> None:
    assert webhook.post(b"x" * (MOST_BYTES + 1)).status_code == 413
    head = f"POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    host, port = webhook.url.removeprefix("http://").split(":")
    for more, status in (("", b"411"), ("Content-Length: -1\r\n", b"411")):
        with socket.create_connection((host, int(port)), timeout=10) as line:
            line.sendall(f"{head}{more}\r\n".encode())
            assert line.recv(64).split()[1] == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b"\xff",
        json.dumps({**PAYLOAD, "version": "3"}).encode(),
        json.dumps({**PAYLOAD, "alerts": "no"}).encode(),
        json.dumps({**PAYLOAD, "alerts": [None]}).encode(),
        json.dumps({**PAYLOAD, "alerts": [{"status": "firing", "labels": {}}]}).encode(),
        json.dumps({**PAYLOAD, "groupKey": 1}).encode(),
        json.dumps({**PAYLOAD, "alerts": PAYLOAD["alerts"] * (MOST_ALERTS + 1)}).encode(),
    ],
)
def test_what_alertmanager_does_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_an_unreadable_body_is_answered_400(webhook: Running) -> None:
    assert webhook.post(b"{").status_code == 400


def test_other_addresses_are_not_found_and_the_probe_is_open(webhook: Running) -> None:
    assert httpx.get(f"{webhook.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{webhook.url}/alerts").status_code == 404
    assert httpx.post(f"{webhook.url}/block-all").status_code == 404


def test_what_an_alert_says_cannot_forge_a_page() -> None:
    evil = json.loads(json.dumps(PAYLOAD))
    evil["alerts"][0]["labels"]["alertname"] = "x\n\x1b[31m" + "y" * 1_000
    evil["alerts"][0]["labels"]["secret"] = "not told"

    notice = read(json.dumps(evil).encode())

    assert notice is not None
    (alert,) = notice.alerts
    assert alert.name.isprintable()
    assert len(alert.name) == 200
    assert "secret" not in alert.told
    assert notice.incident.removeprefix("alert-").isalnum()


def test_a_short_token_does_not_start(tmp_path: Path) -> None:
    desk = Desk(replace(Settings(), directory=str(tmp_path / "i")), Pager("", ""), clock=now)
    with pytest.raises(Refused, match="32"):
        Door(("127.0.0.1", 0), desk, "short")
