"""What a server writes of its audit is what its chain holds, whatever the log's level is."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from support.server import RunningServer, StartServer, start

from coditect_license.private_postgres import PrivatePostgres, running_postgres
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


def test_two_servers_on_one_ledger_write_each_entry_as_one_would(tmp_path: Path) -> None:
    with database(tmp_path / "postgres") as postgres:
        env = {"LICENSE_DATABASE_URL": postgres.url("license"), "LICENSE_AUDIT_STREAM": "on"}
        with start(tmp_path / "data", env) as one, start(tmp_path / "data", env) as other:
            pair = (one, other)
            for server in pair:
                _lease(server)
            until(lambda: _released(pair) == 2, seconds=60)
            wrote_first = next(server for server in pair if _audit_lines(server))
            wrote_first.stop()
            (left,) = {one, other} - {wrote_first}
            _lease(left)
            until(lambda: _released(pair) == 3, seconds=60)
        with psycopg.connect(postgres.url("license")) as ledger:
            chain = ledger.execute("SELECT position, entry, hash FROM audit_entry").fetchall()
            is_written = ledger.execute("SELECT size = streamed_size FROM audit_head").fetchall()

    lines = [line for server in pair for line in _audit_lines(server)]
    assert {(line["position"], line["entry"], line["hash"]) for line in lines} == set(chain)
    assert len(chain) >= 9
    assert is_written == [(True,)]


@contextmanager
def database(folder: Path) -> Iterator[PrivatePostgres]:
    folder.mkdir()
    for each in (folder, *list(folder.parents)[:3]):
        each.chmod(0o755)  # as root the database runs as nobody
    with running_postgres(folder, durable=False) as running:
        running.ensure_database("license")
        yield running


def _released(servers: Sequence[RunningServer]) -> int:
    lines = {line["position"]: line for server in servers for line in _audit_lines(server)}
    return [line["action"] for line in lines.values()].count("seat.released")


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
