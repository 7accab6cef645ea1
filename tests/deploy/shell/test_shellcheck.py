"""shellcheck has nothing to say of any shell script of the repository."""

import subprocess
from pathlib import Path
from typing import Final

import pytest
from deploy.shell.scripts import REPOSITORY, faults, is_script, scripts

CARELESS: Final = """#!/bin/sh
cd "$1"
rm -f $2
"""
EXPECTED: Final = {
    ".ci/run",
    "scripts/dev/infra",
    "scripts/dev/install",
    "scripts/dev/steps",
    "scripts/license-admin",
}
"""Some that must be among those found: without an ending, and in a hidden folder."""


def test_shellcheck_finds_no_fault() -> None:
    assert faults([*scripts(REPOSITORY)]) == []


def test_the_scripts_are_found() -> None:
    found = {str(file.relative_to(REPOSITORY)) for file in scripts(REPOSITORY)}

    assert found >= EXPECTED


def test_a_careless_script_is_found_and_faulted(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True, timeout=60)
    (tmp_path / "careless").write_text(CARELESS)

    said = faults([*scripts(tmp_path)])

    assert [code for line in said for code in ("SC2164", "SC2086") if f"[{code}]" in line] == [
        "SC2164",  # goes on where cd failed
        "SC2086",  # splits what is not quoted
    ]


@pytest.mark.parametrize(
    ("first_line", "is_one"),
    [
        ("#!/bin/sh", True),
        ("#!/bin/bash -eu", True),
        ("#!/usr/bin/env bash", True),
        ("#!/usr/bin/env -S bash -eu", True),
        ("#!/usr/bin/env bats", True),
        ("#! /bin/dash", True),
        ("#!/usr/bin/env python3", False),
        ("#!/bin/shellfish", False),
        ("# /bin/sh", False),
        ("", False),
    ],
)
def test_a_script_is_known_by_its_first_line(tmp_path: Path, first_line: str, is_one: bool) -> None:
    file = tmp_path / "file"
    file.write_text(f"{first_line}\necho\n")

    assert is_script(file) is is_one
