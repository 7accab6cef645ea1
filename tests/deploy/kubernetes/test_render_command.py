"""``scripts/deploy/render`` prints what kustomize does, and no image that was never pushed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy.kubernetes.kubectl import REPOSITORY, kubectl
from deploy.kubernetes.rendering import KUBERNETES, ON_GOOGLE, render

_COMMAND = "scripts/deploy/render"
_ZEROS = "0" * 64


def rendered(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(root / _COMMAND), *words],
        env=os.environ | {"KUBECTL": str(kubectl())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the command needs of the repository."""
    shutil.copytree(KUBERNETES, tmp_path / "kubernetes")
    (tmp_path / "scripts/deploy").mkdir(parents=True)
    shutil.copy(REPOSITORY / _COMMAND, tmp_path / _COMMAND)
    return tmp_path


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_an_image_that_was_never_pushed_is_refused(checkout: Path, overlay: str) -> None:
    _write_digest(checkout, overlay, _ZEROS)

    done = rendered(checkout, overlay)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"REFUSED: the image of {overlay} is not named yet" in done.stderr


@pytest.mark.parametrize("overlay", ON_GOOGLE)
def test_an_image_with_a_digest_is_printed_with_everything_else(
    checkout: Path, overlay: str
) -> None:
    _write_digest(checkout, overlay, "ab" * 32)

    done = rendered(checkout, overlay)

    assert done.returncode == 0, done.stderr
    assert f"@sha256:{'ab' * 32}" in done.stdout
    assert len([*yaml.safe_load_all(done.stdout)]) == len(render(overlay))


def test_the_local_overlay_has_no_digest_and_is_printed() -> None:
    done = rendered(REPOSITORY, "local")

    assert [one for one in yaml.safe_load_all(done.stdout) if one] == render("local")


def test_an_overlay_that_there_is_not_is_an_error() -> None:
    strange, asked = rendered(REPOSITORY, "nowhere"), rendered(REPOSITORY, "--help")
    assert strange.returncode == 64
    assert "one of: local production production-shared-ip staging" in strange.stderr
    assert asked.returncode == 0
    assert asked.stdout.startswith("usage: scripts/deploy/render OVERLAY")
    assert rendered(REPOSITORY).returncode == 64


def _write_digest(checkout: Path, overlay: str, digest: str) -> None:
    file = checkout / "kubernetes/overlays" / overlay / "kustomization.yaml"
    before, _, after = file.read_text().partition("digest: sha256:")
    file.write_text(f"{before}digest: sha256:{digest}{after[64:]}")
