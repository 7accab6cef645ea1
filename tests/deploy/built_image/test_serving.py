"""The image serves: as nobody, without a right, on a file system it cannot write."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container, health_check
from deploy.built_image.volume import ACQUIRE, UID, embedded, prepare_demo, volume

from tests.support.ports import free_port

SESSIONS: Final = "/api/v1/licenses/sessions"
PORT: Final = free_port()
URL: Final = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return volume(tmp_path_factory.mktemp("volume"))


@pytest.fixture(scope="module")
def demo(image: BuiltImage, data: Path) -> dict[str, Any]:
    return prepare_demo(image, data, embedded(PORT))


@pytest.fixture(scope="module")
def server(image: BuiltImage, data: Path, demo: dict[str, Any]) -> Iterator[Container]:
    """The image with no argument at all, for every test here: none of them ends it."""
    with Container(image, data, embedded(PORT)) as container:
        assert demo["license_key"]
        yield container.start().serving()


def test_it_runs_as_nobody_without_any_right(server: Container) -> None:
    facts = server.facts()

    assert facts["Uid"].split() == [str(UID)] * 4
    assert facts["Gid"].split() == [str(UID)] * 4
    assert facts["Groups"] == ""
    assert {int(facts[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapInh")} == {0}
    assert facts["NoNewPrivs"] == "1"
    assert facts["NSpid"].split()[-1] == "1"


def test_it_can_write_its_data_and_nothing_else(server: Container) -> None:
    folders = "/ /srv/license /opt/license /tmp /etc /run /var/lib/license"
    tried = f"for f in {folders}; do touch $f/x 2>/dev/null && echo $f; done; true"

    assert server.run(["/bin/sh", "-c", tried]).stdout == "/var/lib/license\n"


def test_it_leases_a_seat(server: Container, demo: dict[str, Any]) -> None:
    key = demo["license_key"]
    with httpx.Client(base_url=URL, timeout=60) as client:
        health = client.get("/health")
        acquired = client.post(ACQUIRE, json={"license_key": key, "hardware_id": "image"})
        session = f"{SESSIONS}/{acquired.json()['session_id']}/"
        credential = {"Authorization": f"License {key}"}
        renewed = client.patch(f"{session}heartbeat/", headers=credential)
        released = client.delete(session, headers=credential)

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (acquired.status_code, renewed.status_code, released.status_code) == (201, 200, 204)
    assert {"license_data", "license_token", "delegation"} <= set(acquired.json())


def test_it_has_its_pages_and_their_files(server: Container) -> None:
    with httpx.Client(base_url=URL, timeout=60) as client:
        page = client.get("/api/docs/")
        assert page.status_code == 200
        file = client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css")

    assert (file.status_code, file.headers["content-type"]) == (200, "text/css; charset=utf-8")


def test_the_health_check_tells_a_server_from_none(server: Container, image: BuiltImage) -> None:
    words = health_check(image)

    healthy = server.run(words)
    elsewhere = server.run(["/usr/bin/env", f"PORT={free_port()}", *words])

    assert (healthy.returncode, healthy.stderr) == (0, "")
    assert (elsewhere.returncode, "no answer" in elsewhere.stderr) == (1, True)


def test_the_operators_tool_is_there(server: Container) -> None:
    asked = server.run(["/srv/license/scripts/license-admin", "tenant", "list", "--json"])

    assert asked.returncode == 0, asked.stderr
    assert [tenant["slug"] for tenant in json.loads(asked.stdout)] == ["demo"]
