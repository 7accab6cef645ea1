"""Every command of manage.py is an argument of the image."""

import os
from pathlib import Path
from typing import Final

from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container
from deploy.built_image.volume import UID, embedded

from tests.support.ports import free_port

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
