"""What a vendor decides over HTTP reaches programs that use the SDK at their next heartbeat."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.server import RunningServer, start

from coditect_license.private_postgres import running_postgres
from coditect_license_sdk import LicenseClient, NoSeatAvailable


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """One server for each kind of ledger."""
    with ExitStack() as running:
        env = {}
        if request.param == "postgres":
            folder = tmp_path_factory.mktemp("postgres")
            for parent in (folder, folder.parent, folder.parent.parent):
                parent.chmod(0o755)  # as root the database runs as nobody
            postgres = running.enter_context(running_postgres(folder, durable=False))
            postgres.ensure_database("license")
            env = {"LICENSE_DATABASE_URL": postgres.url("license")}
        yield running.enter_context(start(tmp_path_factory.mktemp("server") / "data", env))


class Sold:
    """One license of the demo's product, and what its vendor and its programs do with it."""

    def __init__(self, server: RunningServer, folder: Path) -> None:
        self.server, self._folder = server, folder
        self._vendor = {"authorization": f"Bearer {server.demo['token']}", "if-match": "*"}
        body = {
            "product": "demo-app",
            "tier": "team",
            "expires_at": "2036-12-29T00:00:00Z",
            "policy": {"key_auth": True},
        }
        made = self._call("POST", "", body)
        self.license_id, self.key = made["id"], made["license_key"]

    def decide(self, deed: str) -> None:
        self._call("POST", f"{self.license_id}/{deed}/", {})

    def change(self, **members: Any) -> None:
        self._call("PATCH", f"{self.license_id}/", members)

    def program(self, device: str) -> LicenseClient:
        return LicenseClient(
            self.server.base_url,
            license_key=self.key,
            roots=self.server.data_dir / "root.pem",
            hardware_id=device,
            cache_dir=self._folder / device,
        )

    def heartbeat(self, session_id: str) -> tuple[int, str | None]:
        path = f"/api/v1/licenses/sessions/{session_id}/heartbeat/"
        answer = httpx.patch(self.server.base_url + path, json={"license_key": self.key})
        return answer.status_code, answer.json().get("error")

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self.server.base_url}/api/v1/licenses/{path}"
        answer = httpx.request(method, url, json=body, headers=self._vendor)
        made: dict[str, Any] = answer.raise_for_status().json()
        return made


@pytest.fixture
def sold(server: RunningServer, tmp_path: Path) -> Sold:
    return Sold(server, tmp_path)


@pytest.mark.parametrize(
    ("deed", "code"), [("suspend", "license_suspended"), ("revoke", "license_revoked")]
)
def test_a_program_hears_at_its_next_heartbeat_that_it_may_not_go_on(
    sold: Sold, deed: str, code: str
) -> None:
    with sold.program("laptop") as client, client.acquire() as lease:
        before = sold.heartbeat(lease.session_id)

        sold.decide(deed)

        assert before == (200, None)
        assert sold.heartbeat(lease.session_id) == (403, code)
        assert lease.is_valid(), "the lease runs to its end"


def test_a_suspension_that_ended_is_forgotten_at_the_next_heartbeat(sold: Sold) -> None:
    with sold.program("laptop") as client, client.acquire() as lease:
        sold.decide("suspend")
        assert sold.heartbeat(lease.session_id)[0] == 403

        sold.decide("reinstate")

        assert sold.heartbeat(lease.session_id) == (200, None)


def test_a_license_that_ends_now_answers_so_at_the_next_heartbeat(sold: Sold) -> None:
    with sold.program("laptop") as client, client.acquire() as lease:
        sold.change(expires_at="2026-01-01T00:00:00Z")

        assert sold.heartbeat(lease.session_id) == (403, "license_expired")


def test_s12_a_license_shrunk_evicts_nobody_and_takes_nobody_new(sold: Sold) -> None:
    with sold.program("one") as one, sold.program("two") as two, sold.program("three") as three:
        held = [one.acquire(), two.acquire()]

        sold.change(seats=1)

        assert [sold.heartbeat(lease.session_id) for lease in held] == [(200, None)] * 2
        with pytest.raises(NoSeatAvailable):
            three.acquire()
        for lease in held:
            lease.release()


def test_another_key_is_a_strangers_from_now_on(sold: Sold) -> None:
    with sold.program("laptop") as client, client.acquire() as lease:
        sold.decide("rotate-key")

        assert sold.heartbeat(lease.session_id) == (401, "invalid_token")
