"""What the process counts, and the port where it tells."""

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from timeit import repeat

import pytest

import coditect_license.server  # noqa: F401  it imports every file that counts
from coditect_license import __version__
from foundation.metrics import MetricsPortBusy, exposition, serve_metrics
from signing import counts
from tests.support.series import value

REPOSITORY = Path(__file__).parents[3]
DOCUMENT = REPOSITORY / "docs/metrics.md"
OURS = ("django_", "http_", "kms_", "license_")
MOST_MICROSECONDS = 5.0
"""On two slow cores, busy with other things; docs/metrics.md names what was measured."""


def scrape(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_signature_is_counted_by_signer_and_outcome() -> None:
    series = 'license_signatures_total{outcome="failed",signer="delegated"}'
    before = value(series)

    counts.signatures("delegated", "failed")()

    assert value(series) == before + 1


@pytest.mark.alone
def test_counting_a_delegated_signature_costs_about_a_microsecond() -> None:
    count = counts.signatures("delegated", "signed")

    best = min(repeat(count, number=10_000, repeat=20)) / 10_000 * 1e6

    print(f"\none count: {best:.2f} µs")  # noqa: T201  a figure for the documents
    assert best < MOST_MICROSECONDS


def test_they_are_served_on_a_port_of_their_own(free_port: int) -> None:
    stop = serve_metrics("127.0.0.1", [free_port])
    try:
        text = scrape(f"http://127.0.0.1:{free_port}/metrics")
        with pytest.raises(MetricsPortBusy, match=str(free_port)):
            serve_metrics("127.0.0.1", [free_port])
    finally:
        stop()

    assert "# TYPE kms_sign_seconds histogram" in text
    assert "process_resident_memory_bytes" in text
    with pytest.raises(urllib.error.URLError):
        scrape(f"http://127.0.0.1:{free_port}/metrics")


def test_processes_with_the_same_settings_take_a_port_each(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        stop = serve_metrics("127.0.0.1", [taken, free_port])
        try:
            assert "# TYPE" in scrape(f"http://127.0.0.1:{free_port}/metrics")
            with pytest.raises(MetricsPortBusy):
                serve_metrics("127.0.0.1", [taken, free_port])
        finally:
            stop()


def test_the_version_is_that_of_what_is_shipped_with_the_server() -> None:
    shipped = [
        re.search(r'^version = "(.+)"$', (REPOSITORY / name).read_text(), re.MULTILINE)
        for name in ("sdk/pyproject.toml", "token/pyproject.toml")
    ]

    assert {found[1] for found in shipped if found} == {__version__}


def test_the_document_names_every_metric_and_no_other() -> None:
    ours = {
        name
        for name in re.findall(r"^# TYPE (\w+) \w+$", exposition(), re.MULTILINE)
        if name.startswith(OURS)
    }

    documented = set(
        re.findall(rf"^\| `((?:{'|'.join(OURS)})\w+)", DOCUMENT.read_text(), re.MULTILINE)
    )

    assert documented == ours


def test_a_process_that_does_not_sign_with_cloud_kms_never_loads_its_client() -> None:
    """Half a second and 53 MB, and connections that do not survive a fork."""
    program = (
        "import sys, django; django.setup();"
        "import coditect_license.server, signing.kms_service;"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('google', 'grpc')))"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=_environment(),
    )

    assert ended.stdout.strip() == "[]", ended.stderr


def _environment() -> dict[str, str]:
    backend = str(Path(__file__).parents[2])
    return os.environ | {"PYTHONPATH": backend, "LICENSE_SIGNER": "local"}
