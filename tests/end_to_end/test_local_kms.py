"""The whole product over a local Cloud KMS, as ``make run SIGNER=kms`` runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.server import REPOSITORY, RunningServer

from coditect_license_token import PublicKey, Roots, open_delegation, open_license_data
from tests.support.waiting import until

ON_KMS = (sys.executable, "-m", "coditect_license.run_on_kms")
MANAGE = str(REPOSITORY / "backend/manage.py")


@pytest.fixture(autouse=True)
def house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY / "backend"))


@contextmanager
def server_on_kms(data_dir: Path) -> Iterator[RunningServer]:
    data_dir.mkdir(mode=0o700, exist_ok=True)
    server = RunningServer(data_dir, {}, launcher=ON_KMS)
    server.start()
    with server:
        yield server


def acquire(server: RunningServer, device: str, *proofs: str) -> httpx.Response:
    body: dict[str, Any] = {"license_key": server.demo["license_key"], "hardware_id": device}
    if proofs:
        body["proofs"] = list(proofs)
    return httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body, timeout=20)


def local_kms(*words: str, folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "local_kms", *words, "--folder", str(folder)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=30,
    )


def kms_processes(data_dir: Path) -> list[str]:
    """Return the numbers of the local KMS processes that work in this data folder."""
    numbers = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile
            continue
        if b"local_kms" in words and os.fsencode(data_dir / "kms") in words:
            numbers.append(process.name)
    return numbers


def test_license_data_and_delegation_are_signed_by_the_key_in_the_kms(tmp_path: Path) -> None:
    with server_on_kms(tmp_path) as server:
        answer = acquire(server, "laptop").json()
        root = PublicKey.from_pem((tmp_path / "root.pem").read_text())
        assert kms_processes(tmp_path) != []

    roots, now = Roots([root]), datetime.now(UTC)
    data = open_license_data(json.dumps(answer["license_data"]), roots=roots, now=now)
    delegation = open_delegation(answer["delegation"], roots=roots, now=int(now.timestamp()))
    assert (data.session_id, data.key_id) == (answer["session_id"], root.key_id)
    assert delegation.issuer == server.base_url
    assert not (tmp_path / "root-key.pem").exists()
    assert kms_processes(tmp_path) == []


def test_s16_kms_down_costs_license_data_and_no_lease_and_heals(tmp_path: Path) -> None:
    with server_on_kms(tmp_path) as server:
        healthy = acquire(server, "laptop")
        fault = ("fault", "AsymmetricSign", "--code", "PERMISSION_DENIED")
        local_kms(*fault, folder=tmp_path / "kms")
        direct, delegated = acquire(server, "old"), acquire(server, "new", "license_token")
        local_kms("heal", folder=tmp_path / "kms")
        until(lambda: acquire(server, "old").is_success, seconds=30)

    assert (healthy.status_code, delegated.status_code) == (201, 201)
    assert (direct.status_code, direct.json()["error"]) == (503, "signing_unavailable")
    assert "license_data" not in direct.text
    assert int(direct.headers["Retry-After"]) > 0


def test_a_restart_keeps_the_root(tmp_path: Path) -> None:
    with server_on_kms(tmp_path):
        first = (tmp_path / "root.pem").read_text()
    with server_on_kms(tmp_path) as server:
        assert (tmp_path / "root.pem").read_text() == first
        assert acquire(server, "laptop").status_code == 201


def test_postgresql_and_the_local_kms_go_together(tmp_path: Path) -> None:
    told = subprocess.run(
        [*ON_KMS, sys.executable, "-m", "coditect_license.run_on_postgres", "check"],
        cwd=tmp_path,
        env=os.environ | {"LICENSE_PROFILE": "embedded", "LICENSE_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert (tmp_path / "database").is_dir()
    assert (tmp_path / "kms" / "projects").is_dir()
    assert kms_processes(tmp_path) == []


def test_the_commands_own_status_is_returned_and_a_mistake_is_one_line(tmp_path: Path) -> None:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*ON_KMS, *words],
            env=os.environ | {"LICENSE_DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run(sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    (tmp_path / "kms" / "ca.pem").unlink()
    (tmp_path / "kms" / "ca.pem").mkdir()
    failed = run(sys.executable, "-c", "raise SystemExit(7)")
    assert (failed.returncode, failed.stderr.count("\n")) == (2, 1)
    assert failed.stderr.startswith("error: the local KMS did not start: ")
