"""docs/how-to/build-the-image.md speaks of things that are there, by the names they have."""

import re
from typing import Final

import yaml
from deploy.image.dockerfile import DOCKERFILE, REPOSITORY, instructions

PAGE: Final = REPOSITORY / "docs/how-to/build-the-image.md"


def test_arguments_and_targets_are_the_dockerfiles() -> None:
    text = PAGE.read_text()
    known = instructions(DOCKERFILE.read_text())
    arguments = {one.words.partition("=")[0] for one in known if one.name == "ARG"}
    stages = {one.words.split()[-1] for one in known if one.name == "FROM"}

    assert set(re.findall(r"--build-arg (\w+)=", text)) == arguments
    assert set(re.findall(r"--target (\w+)", text)) == {"bill"} < stages
    assert stages == {"build", "bill", "server"}


def test_the_image_is_named_as_production_names_it() -> None:
    (said,) = re.findall(r"^IMAGE=(\S+)$", PAGE.read_text(), re.MULTILINE)

    for overlay in ("production", "production-shared-ip"):
        path = REPOSITORY / "kubernetes/overlays" / overlay / "kustomization.yaml"
        (image,) = yaml.safe_load(path.read_text())["images"]
        assert image["newName"] == said
        assert image["digest"].startswith("sha256:")


def test_user_ports_and_places_are_the_dockerfiles() -> None:
    text, dockerfile = PAGE.read_text(), DOCKERFILE.read_text()

    for said in (
        "10001:10001",
        "/var/lib/license",
        "/usr/share/doc/license-server/license-server.cdx.json",
    ):
        assert said in text
        assert said in dockerfile
    assert "EXPOSE 8000 9464" in dockerfile
