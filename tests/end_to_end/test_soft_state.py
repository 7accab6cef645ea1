"""Servers beside a Valkey: started without it, told by other processes through it."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import httpx
import pytest
from end_to_end.processes import manage, vendor
from support.server import RunningServer, StartServer

from tests.support.valkey import PASSWORD, RunningValkey, running_valkey
from tests.support.waiting import until

NO_SESSION = "/api/v1/licenses/sessions/00000000-0000-4000-8000-000000000000/"
WITHOUT_NOTICES_SECONDS = 90
"""How long a trusted issuer may outlive its row where no notice comes (docs/architecture.md)."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path) as running:
        yield running


def status_with_token(server: RunningServer) -> int:
    headers = {"Authorization": f"Bearer {server.demo['token']}"}
    return httpx.get(server.base_url + NO_SESSION, headers=headers).status_code


def test_an_issuer_that_another_process_ends_is_believed_no_longer(
    start_server: StartServer, valkey: RunningValkey
) -> None:
    server = start_server({"LICENSE_REDIS_URL": valkey.url})
    until(lambda: valkey.ask("PUBSUB", "NUMSUB", "license:notices")[1])
    assert status_with_token(server) == 404

    began = monotonic()
    vendor(server, "distrust", more={"LICENSE_REDIS_URL": valkey.url})
    until(lambda: status_with_token(server) == 401, seconds=15)

    assert monotonic() - began < WITHOUT_NOTICES_SECONDS / 3


def test_a_server_starts_and_is_ready_without_its_valkey(start_server: StartServer) -> None:
    url = f"redis://:{PASSWORD}@127.0.0.1:1"

    server = start_server({"LICENSE_REDIS_URL": url})
    ready = httpx.get(f"{server.base_url}/health/ready")
    body = {"license_key": server.demo["license_key"], "hardware_id": "laptop"}
    granted = httpx.post(f"{server.base_url}/api/v1/licenses/acquire/", json=body)
    server.stop()

    assert (ready.status_code, granted.status_code) == (200, 201)
    output = "".join(server.output)
    assert output.count("Valkey is away") == 2
    assert PASSWORD not in output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LICENSE_REDIS_URL", f"http://:{PASSWORD}@valkey", "LICENSE_REDIS_URL must be"),
        ("LICENSE_REDIS_CA_FILE", "/no/such/file", "LICENSE_REDIS_CA_FILE"),
        ("LICENSE_CALLS_PER_MINUTE", "0", "LICENSE_CALLS_PER_MINUTE must be a whole number"),
    ],
)
def test_a_wrong_setting_refuses_to_start_and_says_which(
    server: RunningServer, name: str, value: str, words: str
) -> None:
    settings = {"LICENSE_REDIS_URL": "rediss://valkey", name: value}

    ended = manage(server, "check", more=settings)

    assert ended.returncode != 0
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert PASSWORD not in ended.stderr
