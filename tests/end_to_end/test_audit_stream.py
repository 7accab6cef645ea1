"""What a server writes of its audit is what its chain holds, whatever the log's level is."""

import json
import sqlite3
from typing import Any

import httpx
import pytest
from support.server import RunningServer, StartServer

from tests.support.waiting import until

LICENSES = "/api/v1/licenses"
DEVICE = "canary-device-7"
MEMBERS = {
    *("severity", "time", "message", "stream", "action", "tenant_id", "position", "hash", "entry"),
    "logging.googleapis.com/insertId",
}


def test_the_lines_are_the_entries_of_the_chain_over_a_restart(start_server: StartServer) -> None:
    silent = {"LICENSE_AUDIT_STREAM": "on", "LICENSE_LOG_LEVELS": "audit=CRITICAL"}
    server = start_server(silent)
    _lease(server)
    until(lambda: _actions(server) >= {"seat.granted", "seat.released"}, seconds=60)
    server.stop()
    lines = _audit_lines(server)
    server.start()
    _lease(server)
    until(lambda: "seat.granted" in _actions(server), seconds=60)
    server.stop()
    lines += _audit_lines(server)

    chain = _chain(server)
    written = [(line["position"], line["entry"], line["hash"]) for line in lines]
    assert written == chain[: len(written)]
    assert len(written) >= 4
    for line in lines:
        entry = json.loads(line["entry"])
        assert line.keys() == MEMBERS
        assert (line["severity"], line["message"], line["stream"]) == ("NOTICE", "audit", "audit")
        assert (line["tenant_id"], line["action"]) == (entry["tenant_id"], entry["action"])
        assert line["time"] == entry["at"]
        assert line["logging.googleapis.com/insertId"] == entry["id"]
    said = json.dumps(lines)
    assert not any(word in said for word in (DEVICE, server.demo["license_key"]))


@pytest.mark.parametrize(
    ("setting", "is_on"), [({}, False), ({"LICENSE_AUDIT_STREAM": "on"}, True)]
)
def test_embedded_the_audit_leaves_only_where_it_is_asked_for(
    start_server: StartServer, setting: dict[str, str], *, is_on: bool
) -> None:
    server = start_server(setting)
    _lease(server)
    until(lambda: len(_chain(server)) >= 2, seconds=60)
    server.stop()

    assert bool(_audit_lines(server)) is is_on


def _lease(server: RunningServer) -> None:
    key = {"authorization": f"License {server.demo['license_key']}"}
    asked = {"license_key": server.demo["license_key"], "hardware_id": DEVICE}
    granted = httpx.post(f"{server.base_url}{LICENSES}/acquire/", json=asked)
    session = f"{server.base_url}{LICENSES}/sessions/{granted.json()['session_id']}/"
    assert httpx.delete(session, headers=key).status_code == 204


def _audit_lines(server: RunningServer) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in list(server.output) if line.startswith("{")]
    return [line for line in lines if line.get("stream") == "audit"]


def _actions(server: RunningServer) -> set[str]:
    return {line["action"] for line in _audit_lines(server)}


def _chain(server: RunningServer) -> list[tuple[int, str, str]]:
    ledger = sqlite3.connect(f"file:{server.data_dir}/license.sqlite3?mode=ro", uri=True)
    try:
        return ledger.execute(
            "SELECT position, entry, hash FROM audit_entry ORDER BY tenant_id, position"
        ).fetchall()
    finally:
        ledger.close()
