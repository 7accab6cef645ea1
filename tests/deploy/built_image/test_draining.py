"""The image drains when it is told to end."""

from pathlib import Path

import httpx
from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container
from deploy.built_image.volume import ACQUIRE, embedded, prepare_demo, volume

from tests.support.ports import free_port
from tests.support.waiting import until


def test_it_drains_when_it_is_told_to_end(image: BuiltImage, tmp_path: Path) -> None:
    port, data = free_port(), volume(tmp_path)
    key = prepare_demo(image, data, embedded(port))["license_key"]
    url = f"http://127.0.0.1:{port}"
    with (
        Container(image, data, embedded(port)) as server,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        server.start().serving()
        assert client.get("/health/ready").status_code == 200
        server.signal("SIGTERM")
        until(lambda: client.get("/health/ready").status_code == 503, seconds=30)
        body = {"license_key": key, "hardware_id": "late", "proofs": ["license_token"]}
        late = client.post(ACQUIRE, json=body)
        status = server.wait()

    assert (late.status_code, late.headers["connection"]) == (201, "close")
    assert status == 0
    assert any("stopped: every acknowledged change is kept" in line for line in server.output)
