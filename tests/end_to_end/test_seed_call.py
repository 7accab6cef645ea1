"""The call that the product began with, word for word, against the real server."""

import json
import shlex
import shutil
import subprocess
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest
from support.server import RunningServer

from coditect_license_token import (
    Roots,
    open_delegation,
    open_keyset,
    open_license_data,
    open_license_token,
)


@pytest.fixture
def roots(server: RunningServer) -> Roots:
    """The public root key that the server wrote beside its data."""
    return Roots.from_pem((server.data_dir / "root.pem").read_bytes())


def printed_command(server: RunningServer) -> list[str]:
    """Return the words of the curl that the server prints at its start, ready to paste."""
    text = "".join(server.output)
    start = text.index("curl -X POST")
    return shlex.split(text[start : text.index("\n\n", start)].replace("\\\n", " "))


def assert_seeds_answer(answer: dict[str, Any], roots: Roots) -> None:
    """Check the seed's promise: its object with its seven fields, which verifies offline."""
    data = open_license_data(json.dumps(answer["license_data"]), roots=roots, now=datetime.now(UTC))
    seeds = {"license_key", "session_id", "tier", "expires_at", "signed_at", "signature"}
    assert seeds | {"signature_algorithm"} <= set(answer["license_data"])
    assert data.session_id == answer["session_id"]
    now = int(datetime.now(UTC).timestamp())
    delegation = open_delegation(answer["delegation"], roots=roots, now=now)
    token = open_license_token(answer["license_token"], delegation=delegation, now=now)
    assert token.session_id == data.session_id


def test_the_printed_curl_works_word_for_word(server: RunningServer, roots: Roots) -> None:
    if shutil.which("curl") is None:
        pytest.skip("NO curl ON THIS MACHINE: the seed's call is only tried with urllib")
    words = printed_command(server)

    done = subprocess.run(
        [*words, "--silent", "--show-error"], capture_output=True, timeout=20, check=True
    )

    assert words[:4] == ["curl", "-X", "POST", f"{server.base_url}/api/v1/licenses/acquire/"]
    assert words[4:6] == ["-H", "Content-Type: application/json"]
    assert "Authorization" not in str(words)
    assert_seeds_answer(json.loads(done.stdout), roots)


def test_the_same_call_without_curl(server: RunningServer, roots: Roots) -> None:
    request = urllib.request.Request(
        f"{server.base_url}/api/v1/licenses/acquire/",
        data=json.dumps(
            {"license_key": server.demo["license_key"], "hardware_id": "my-laptop"}
        ).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )

    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status in {200, 201}
        assert_seeds_answer(json.load(answer), roots)


def test_health_answers_with_and_without_the_slash(server: RunningServer) -> None:
    for path in ("/health/", "/health"):
        with urllib.request.urlopen(server.base_url + path, timeout=20) as answer:
            assert json.load(answer) == {"status": "ok"}


def test_the_published_keys_are_the_servers_root(server: RunningServer, roots: Roots) -> None:
    with urllib.request.urlopen(f"{server.base_url}/api/v1/licenses/keys/", timeout=20) as answer:
        body = json.load(answer)

    keyset = open_keyset(body["keyset"], roots=roots, now=int(datetime.now(UTC).timestamp()))
    assert [entry.key.key_id for entry in keyset.entries] == [key.key_id for key in roots]
