"""The Dockerfile says what it must; a usual one is refused for each reason."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from deploy.image.dockerfile import DOCKERFILE, complaints

PLANTED: Final = Path(__file__).parent / "planted/Dockerfile"


def hadolint(dockerfile: Path) -> "subprocess.CompletedProcess[str]":
    """Run it with nobody's configuration; every finding counts."""
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program is not None, "hadolint is in requirements/infra.txt: make .venv/installed-infra"
    words = ["--no-color", "--failure-threshold", "style", "--config", "/dev/null"]
    return subprocess.run(
        [program, *words, str(dockerfile)], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_dockerfile_is_as_it_must_be() -> None:
    assert complaints(DOCKERFILE.read_text()) == []


def test_a_usual_dockerfile_is_refused_for_each_reason() -> None:
    assert complaints(PLANTED.read_text()) == [
        "the base is not an ARG named by its digest",
        "a stage begins from something else than the base: python:latest",
        "what builds is not in a stage of its own",
        "an install without hashes: pip install -r /app/requirements.txt",
        "an install that may build: pip install -r /app/requirements.txt",
        "the image does not run as 10001:10001",
        "ADD fetches and unpacks; COPY does not",
        "ENTRYPOINT has a shell between: a signal does not reach the server",
        "CMD has a shell between: a signal does not reach the server",
        "the image does not serve when nothing is said",
        "STOPSIGNAL is not SIGTERM, upon which a server drains",
        "no HEALTHCHECK without a shell",
        "PYTHONDONTWRITEBYTECODE=1 is not set",
        "PYTHONUNBUFFERED=1 is not set",
        "PORT=8000 is not set",
        "a secret is in the image's own settings",
        "8000 and 9464 are not named as its ports",
        "no label org.opencontainers.image.title",
        "no label org.opencontainers.image.description",
        "no label org.opencontainers.image.licenses",
        "no label org.opencontainers.image.version",
        "no label org.opencontainers.image.revision",
        "no label org.opencontainers.image.base.name",
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("--chmod=0555 /opt", "--chmod=0600 /opt", "a copy without a mode"),
        ("--from=build --chown=0:0 --chmod=0555 /srv", "--chmod=0555 backend", "a copy past"),
        ("USER 10001:10001", "USER 0", "the image does not run as 10001:10001"),
        ("--require-hashes ", "", "an install without hashes"),
        ("@sha256:78387bc3", ":78387bc3", "the base is not an ARG named by its digest"),
        ('CMD ["serve"]', 'CMD ["quickstart"]', "the image does not serve when nothing is said"),
    ],
)
def test_each_single_mistake_is_noticed(right: str, wrong: str, said: str) -> None:
    text = DOCKERFILE.read_text()
    assert right in text

    found = complaints(text.replace(right, wrong))

    assert found
    assert all(line.startswith(said) for line in found)


def test_hadolint_has_nothing_to_say() -> None:
    ended = hadolint(DOCKERFILE)

    assert (ended.returncode, ended.stdout) == (0, "")


def test_hadolint_refuses_a_usual_dockerfile() -> None:
    ended = hadolint(PLANTED)

    assert ended.returncode == 1
    for rule in ("DL3007", "DL3020", "DL3025", "DL3042", "DL3003"):
        assert rule in ended.stdout
