"""``python -m local_kms``: started, used as it says, made to fail, healed, stopped."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIGN = """
import hashlib, os
from google.cloud import kms
client = kms.KeyManagementServiceClient(
    client_options={"api_endpoint": os.environ["CLOUD_KMS_ENDPOINT"]}
)
digest = {"sha256": hashlib.sha256(b"x").digest()}
name = os.environ["CLOUD_KMS_KEY_VERSION_NAME"]
try:
    answer = client.asymmetric_sign(request={"name": name, "digest": digest}, retry=None)
    print(len(answer.signature))
except Exception as error:
    print(type(error).__name__)
"""


def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": "backend", **settings}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """Start the command; yield it with the settings it prints."""
    with subprocess.Popen(
        [sys.executable, "-m", "local_kms", "serve", "--folder", str(folder), "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "backend"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = "".join(iter(process.stdout.readline, "Ctrl-C stops it; keys and accounts stay.\n"))
        yield process, dict(re.findall(r"^export (\w+)=(.+)$", said, re.MULTILINE))
        process.kill()


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_as_it_says_and_stops_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    with serving(tmp_path) as (process, settings):
        signed = run("-c", SIGN, **settings)
        fault = ("fault", "AsymmetricSign", "--code", "RESOURCE_EXHAUSTED")
        assert run("-m", "local_kms", *fault, "--folder", str(tmp_path)).returncode == 0
        refused = run("-c", SIGN, **settings)
        assert run("-m", "local_kms", "heal", "--folder", str(tmp_path)).returncode == 0
        healed = run("-c", SIGN, **settings)
        process.send_signal(stop)
        last, _ = process.communicate(timeout=30)

    said = [result.stdout.strip() for result in (signed, refused, healed)]
    assert said == ["512", "ResourceExhausted", "512"], signed.stderr
    assert (process.returncode, last) == (0, "stopped\n")


def test_a_mistake_is_one_line(tmp_path: Path) -> None:
    key = run("-m", "local_kms", "serve", "--folder", str(tmp_path), "--key", "license-key")
    tamper = run("-m", "local_kms", "fault", "*", "--every", "0", "--folder", str(tmp_path))

    assert (key.returncode, tamper.returncode) == (2, 2)
    assert key.stderr.startswith("error: 'license-key' is not the resource name")
    assert tamper.stderr.startswith("error: every must be at least 1")


def test_help_names_every_command() -> None:
    shown = run("-m", "local_kms", "--help").stdout

    assert all(word in shown for word in ("serve", "fault", "heal"))
