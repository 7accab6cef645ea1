"""What docs/how-to/deploy-on-gke.md names is there, and what needs no cloud of it works."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.cross_checks.environments import MADE_UP, system
from deploy.kubernetes.kubectl import REPOSITORY
from deploy.kubernetes.rendering import of_kind, render

PAGE: Final = REPOSITORY / "docs/how-to/deploy-on-gke.md"
_README: Final = REPOSITORY / "kubernetes/README.md"
_PATH: Final = re.compile(r"\b((?:kubernetes|opentofu|scripts|docs|tests)/[\w./-]+)")
_LINK: Final = re.compile(r"\]\(([^)#]+)")
_ADMIN: Final = re.compile(r"^admin (\w.*)$", re.MULTILINE)


def test_every_file_that_is_named_is_there() -> None:
    for page in (PAGE, _README):
        text = page.read_text()
        named = {REPOSITORY / one.rstrip(".") for one in _PATH.findall(text)}
        linked = {(page.parent / one).resolve() for one in _LINK.findall(text)}
        assert len(named | linked) > 5
        assert [str(one) for one in named | linked if not one.exists()] == []


def test_the_operators_lines_make_a_license(tmp_path: Path) -> None:
    environment = system() | {"LICENSE_PROFILE": "embedded", "LICENSE_DATA_DIR": str(tmp_path)}
    manage = [sys.executable, str(REPOSITORY / "backend/manage.py"), "migrate", "-v0"]
    subprocess.run(manage, env=environment, check=True, timeout=300)
    lines = _ADMIN.findall(PAGE.read_text())
    said = [
        subprocess.run(
            [str(REPOSITORY / "scripts/license-admin"), *shlex.split(line)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for line in lines
    ]

    assert [line.split()[:2] for line in lines] == [
        ["tenant", "create"],
        ["product", "create"],
        ["license", "create"],
    ]
    assert "-" in said[-1]


def test_every_secret_that_is_mounted_is_filled_by_the_page() -> None:
    text = PAGE.read_text()

    assert [name for name in MADE_UP if name not in text] == []
    assert "license-iap-client" in text


def test_every_workload_is_told_of_in_the_readme() -> None:
    text = _README.read_text()
    manifests = render("production")

    for kind in ("Deployment", "Job"):
        for name in of_kind(manifests, kind):
            assert f"`{name}`" in text
    for name in of_kind(manifests, "CronJob"):
        assert name.removeprefix("coditect-license") in text
