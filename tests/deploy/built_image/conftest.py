"""The image, built once for all tests of this folder."""

import fcntl
from collections.abc import Iterator

import pytest
from deploy.built_image.buildah import BuiltImage, built, require_what_builds
from deploy.built_image.folders import CACHE


@pytest.fixture(scope="session")
def image() -> Iterator[BuiltImage]:
    """Build it; one build at a time on this machine's cache."""
    require_what_builds()
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with built() as one:
            yield one
