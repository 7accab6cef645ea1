"""Folders of data that belong to the image's user, as volumes would."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from deploy.built_image.buildah import BuiltImage
from deploy.built_image.container import Container
from support.server import give_root_key

UID: Final = 10001
ACQUIRE: Final = "/api/v1/licenses/acquire/"


def embedded(port: int) -> dict[str, str]:
    """Return what the embedded profile needs, on loopback."""
    return {
        "LICENSE_PROFILE": "embedded",
        "LICENSE_HOST": "127.0.0.1",
        "PORT": str(port),
        "LICENSE_DRAIN_NOTICE_SECONDS": "3",
    }


def volume(parent: Path) -> Path:
    """Make a folder with a root key, so that none has to be computed."""
    folder = parent / "data"
    folder.mkdir(mode=0o700)
    give_root_key(folder)
    for path in (folder, *folder.iterdir()):
        os.chown(path, UID, UID)
    return folder


def prepare_demo(
    image: BuiltImage,
    data: Path,
    settings: Mapping[str, str],
    folders: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """Migrate and make the demo license in a container that ends; return its facts."""
    with Container(image, data, settings, folders) as container:
        assert container.start("quickstart", "--prepare-only").wait() == 0, container.output
    facts: dict[str, Any] = json.loads((data / "demo.json").read_text())
    return facts
