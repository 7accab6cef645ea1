"""Every command of manage.py is an argument of the image."""

import os
from pathlib import Path
from typing import Final

import httpx
from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container
from deploy.built_image.volume import UID, embedded, prepare_demo, volume

from tests.support.ports import free_port
from tests.support.waiting import until

COMMANDS: Final = (("check",), ("migrate",), ("migrate", "--check"), ("help", "serve"))


def test_commands_run_one_after_the_other_on_a_fresh_folder(
    image: BuiltImage, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, UID, UID)

    for words in COMMANDS:
        with Container(image, folder, embedded(free_port())) as container:
            assert container.start(*words).wait() == 0, "".join(container.output)

    assert (folder / "license.sqlite3").stat().st_uid == UID


def test_the_worker_works_until_it_is_told_to_end(image: BuiltImage, tmp_path: Path) -> None:
    data, port, metrics = volume(tmp_path), free_port(), free_port()
    settings = embedded(port) | {"LICENSE_METRICS_PORT": str(metrics)}
    prepare_demo(image, data, settings)

    with Container(image, data, settings) as worker:
        worker.start("work")
        until(lambda: _answers(metrics) or worker.process.poll() is not None, seconds=60)
        assert _answers(metrics), "".join(worker.output)
        worker.signal("SIGTERM")
        status = worker.wait()

    assert status == 0
    assert any(line.startswith("stopped: every audit event stays") for line in worker.output)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).status_code == 200
    except httpx.TransportError:
        return False


def test_a_command_that_fails_ends_with_its_status(image: BuiltImage, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with Container(image, tmp_path, {"LICENSE_PROFILE": "neither"}) as container:
        status = container.start("check").wait()

    assert status == 2
    assert container.output == ["error: LICENSE_PROFILE must be production or embedded\n"]


def test_production_without_settings_says_each_and_does_not_start(
    image: BuiltImage, tmp_path: Path
) -> None:
    with Container(image, tmp_path, {}) as container:
        status = container.start().wait()

    said = "".join(container.output)
    assert status == 2
    assert "Traceback" not in said
    for name in ("LICENSE_DATABASE_URL", "DJANGO_SECRET_KEY", "LICENSE_SIGNER", "LICENSE_ISSUER"):
        assert f"error: LICENSE_PROFILE=production: {name} must be" in said
