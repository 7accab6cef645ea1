"""What the documents show is run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from coditect_license_sdk._cli.parser import build_parser
from coditect_license_sdk.testing import FakeLicenseServer

SDK = Path(__file__).parents[1]
README = SDK / "README.md"
HOW_TO = SDK.parent / "docs" / "how-to" / "hold-a-seat-in-ci.md"


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE
    )


@pytest.fixture
def server() -> Iterator[FakeLicenseServer]:
    with FakeLicenseServer(seats=2) as running:
        yield running


@pytest.mark.parametrize("block", blocks(README, "python"))
def test_the_readmes_python_runs(
    server: FakeLicenseServer, environment: dict[str, str], block: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert server.seats_in_use == 0


@pytest.mark.parametrize("block", blocks(HOW_TO, "sh"))
def test_the_how_tos_shell_runs(
    server: FakeLicenseServer, environment: dict[str, str], block: str, tmp_path: Path
) -> None:
    command = tmp_path / "coditect-license"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m coditect_license_sdk "$@"\n')
    command.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{environment['PATH']}"

    done = subprocess.run(
        ["sh", "-eu", "-c", block],
        env={**environment, "PATH": path, "CODITECT_LICENSE_KEY_FILE": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert server.seats_in_use == 0


def test_the_how_to_has_blocks_of_every_kind() -> None:
    assert len(blocks(HOW_TO, "sh")) == 6
    assert len(blocks(HOW_TO, "yaml")) == 3
    assert len(blocks(README, "python")) == 5


@pytest.mark.parametrize("block", blocks(HOW_TO, "yaml"))
def test_every_command_in_yaml_is_understood(block: str) -> None:
    commands = list(_commands(yaml.safe_load(block)))

    assert commands
    for words in commands:
        assert build_parser().parse_args(words[1:]).command is not None


def _commands(node: Any) -> Iterator[list[str]]:
    if isinstance(node, str) and node.startswith("coditect-license "):
        yield shlex.split(node)
    elif isinstance(node, list) and node[:1] == ["coditect-license"]:
        yield node
    elif isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _commands(child)


def test_the_readme_lists_every_setting_of_the_environment() -> None:
    source = (SDK / "src" / "coditect_license_sdk" / "_options.py").read_text()
    named = set(re.findall(r"CODITECT_LICENSE_[A-Z_]+[A-Z]", source))

    assert named <= set(re.findall(r"CODITECT_LICENSE_[A-Z_]+[A-Z]", README.read_text()))
