"""A server and a clock for every test; nothing of the developer's own environment."""

import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coditect_license_sdk import Lease, LicenseClient
from coditect_license_sdk._testing.root import root_of_primes
from coditect_license_sdk.testing import FakeLicenseServer, ManualClock
from coditect_license_token.testing import InMemorySigner

MakeClient = Callable[..., LicenseClient]


@functools.cache
def _other_root() -> InMemorySigner:
    primes = json.loads((Path(__file__).parent / "other_root.json").read_text())
    return root_of_primes(int(primes["prime_1"], 16), int(primes["prime_2"], 16))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CODITECT_LICENSE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def other_root() -> InMemorySigner:
    return _other_root()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server(clock: ManualClock) -> Iterator[FakeLicenseServer]:
    with FakeLicenseServer(seats=2, clock=clock) as running:
        yield running


@pytest.fixture
def told() -> list[str]:
    """What a program was told, in order."""
    return []


@pytest.fixture
def callbacks(told: list[str]) -> dict[str, Callable[[Lease], None]]:
    def writer(name: str) -> Callable[[Lease], None]:
        return lambda _lease: told.append(name)

    return {f"on_{name}": writer(name) for name in ("renewed", "at_risk", "lost", "restored")}


@pytest.fixture
def make_client(server: FakeLicenseServer, clock: ManualClock, tmp_path: Path) -> MakeClient:
    def make(**settings: object) -> LicenseClient:
        defaults: dict[str, object] = {
            "license_key": server.license_key,
            "roots": server.roots,
            "hardware_id": "device-1",
            "cache_dir": tmp_path / "cache",
            "timeout_seconds": 5,
            "clock": clock,
        }
        return LicenseClient(server.url, **(defaults | settings))  # type: ignore[arg-type]

    return make


@pytest.fixture
def client(make_client: MakeClient) -> LicenseClient:
    """Always the same program, so its jitter is the same in every run."""
    return make_client(instance_id="program-1")


@pytest.fixture
def kept(
    client: LicenseClient, callbacks: dict[str, Callable[[Lease], None]], clock: ManualClock
) -> Lease:
    """A lease that is kept in the background, and whose program is told everything."""
    lease = client.acquire(**callbacks)  # type: ignore[arg-type]
    clock.settle()
    return lease


@pytest.fixture
def let_pass(clock: ManualClock) -> Callable[[int], None]:
    """Let seconds pass in steps, giving the keeper its turn at each."""

    def step_by_step(seconds: int) -> None:
        for _ in range(seconds // 5):
            clock.advance(5)
            clock.settle()

    return step_by_step


@pytest.fixture
def environment(server: FakeLicenseServer, tmp_path: Path) -> dict[str, str]:
    """What a program on another process needs to be a client of the server."""
    roots = tmp_path / "roots.pem"
    roots.write_bytes(server.roots_pem)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CODITECT_LICENSE_URL": server.url,
        "CODITECT_LICENSE_KEY": server.license_key,
        "CODITECT_LICENSE_ROOTS": str(roots),
        "CODITECT_LICENSE_CACHE": str(tmp_path / "cache"),
        "CODITECT_LICENSE_HARDWARE_ID": "device-1",
    }
