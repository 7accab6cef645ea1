"""Builds the image with buildah, without an engine: chroots, and a storage of our own."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from deploy.built_image.folders import CACHE, REPOSITORY, make_cache
from deploy.built_image.stand_in_base import base_tar, fingerprint

IMAGE: Final = "localhost/license-server:check"
VERSION: Final = "0.0.0-check"
_SECONDS: Final = 900
_CERTIFICATES: Final = Path("/etc/ssl/certs")


@dataclass(frozen=True)
class BuiltImage:
    """What an image says of itself, and its files as a folder of this machine."""

    config: dict[str, Any]
    root: Path


def require_what_builds() -> None:
    """Skip, loudly, where an image cannot be built."""
    if os.geteuid() != 0:
        pytest.skip("NOT ROOT: the image is not built")
    for program, package in (("buildah", "buildah"), ("mmdebstrap", "mmdebstrap")):
        if shutil.which(program) is None:
            pytest.skip(f"NO {program} ON THIS MACHINE (apt-get install {package}): no image built")
    words = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "true"]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        pytest.skip("NAMESPACES ARE FORBIDDEN HERE: the image is not built")
    make_cache()


@contextmanager
def built() -> Iterator[BuiltImage]:
    """Build the Dockerfile on the stand-in base and give its files until the end."""
    _buildah("rm", "--all")  # what a run that was killed has left
    _buildah("build", *_build_words(), "--target", "server", "--tag", IMAGE, str(REPOSITORY))
    container = _buildah("from", "--pull=never", IMAGE)
    try:
        yield BuiltImage(_config(), Path(_buildah("mount", container)))
    finally:
        _buildah("rm", container)
        _buildah("rmi", IMAGE)


def _build_words() -> list[str]:
    words = ["--isolation=chroot", "--format=docker", "--network=host", "--pull=never"]
    words += ["--layers=false", "--build-arg", f"BASE={_base()}", "--build-arg"]
    words += [f"VERSION={VERSION}", "--build-arg", f"REVISION={_revision()}"]
    # A machine may have an authority of its own on its way out.
    return [*words, "--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"]


def _base() -> str:
    name = f"localhost/license-base:{fingerprint()}"
    if not _buildah("images", "--quiet", "--filter", f"reference={name}"):
        container = _buildah("from", "scratch")
        _buildah("add", "--quiet", container, str(base_tar()), "/")
        _buildah("commit", "--quiet", "--rm", container, name)
    return name


def _revision() -> str:
    words = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def _config() -> dict[str, Any]:
    described = json.loads(_buildah("inspect", "--type", "image", IMAGE))
    config: dict[str, Any] = described["Docker"]["config"]
    return config


def _buildah(*words: str) -> str:
    ended = subprocess.run(
        [*_program(), *words], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert ended.returncode == 0, (
        f"buildah {words[0]}: {ended.stdout[-3000:]}{ended.stderr[-3000:]}"
    )
    return ended.stdout.strip()


@cache
def _program() -> tuple[str, ...]:
    program = shutil.which("buildah")
    assert program is not None
    root, run = CACHE / "storage", CACHE / "run"
    return (program, "--root", str(root), "--runroot", str(run), "--storage-driver", "vfs")
