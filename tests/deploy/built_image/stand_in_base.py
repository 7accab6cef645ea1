"""A base that stands in for the Dockerfile's: Debian 13 with Debian's Python, made by mmdebstrap.

No registry of images is asked. The operating system is that of the real base; its Python is 3.13,
and the tests of the server run on 3.11, so that the real one, 3.12, lies between.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from deploy.built_image.folders import CACHE

_SUITE: Final = "trixie"
_WORDS: Final = (
    "--variant=minbase",
    "--include=python3,python3-venv,ca-certificates",
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
_SECONDS: Final = 900
_AWAY: Final = re.compile(r"Could not (resolve|connect)|Unable to connect|Temporary failure")


def fingerprint() -> str:
    """Return what the base is made of, as a word for names: another word is another base."""
    return hashlib.sha256(json.dumps([_SUITE, *_WORDS]).encode()).hexdigest()[:12]


def base_tar() -> Path:
    """Return the base as a tar, made once; skip where Debian's packages cannot be reached."""
    tar = CACHE / f"stand-in-base-{fingerprint()}.tar"
    if not tar.exists():
        _make(tar)
    return tar


def _make(tar: Path) -> None:
    program = shutil.which("mmdebstrap")
    assert program is not None
    unfinished = tar.with_suffix(f".{os.getpid()}.tar")
    try:
        ended = subprocess.run(
            [program, *_WORDS, _SUITE, str(unfinished)],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if ended.returncode != 0 and _AWAY.search(ended.stderr):
            pytest.skip("DEBIAN'S PACKAGES CANNOT BE REACHED: no image is built")
        assert ended.returncode == 0, ended.stderr[-2000:]
        unfinished.rename(tar)
    finally:
        unfinished.unlink(missing_ok=True)
