"""The ledger of `make run DB=postgres` is backed up and restored with its server stopped."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.server import REPOSITORY

TOOL = REPOSITORY / "scripts/license-admin"


def admin(data_dir: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICENSE_")}
    return subprocess.run(
        [str(TOOL), *words],
        env={**kept, "LICENSE_PROFILE": "embedded", "LICENSE_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def answer(data_dir: Path, *words: str) -> Any:
    ended = admin(data_dir, "--private-postgres", *words, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def migrate(data_dir: Path) -> None:
    subprocess.run(
        [
            str(REPOSITORY / ".venv/bin/python"),
            *("-m", "coditect_license.run_on_postgres", "migrate", "--verbosity", "0"),
        ],
        env={
            **os.environ,
            "LICENSE_PROFILE": "embedded",
            "LICENSE_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(REPOSITORY / "backend"),
        },
        check=True,
        capture_output=True,
        timeout=180,
    )


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    migrate(folder)
    answer(folder, "tenant", "create", "acme", "--name", "Acme")
    return folder


def slugs(data_dir: Path) -> list[str]:
    return [row["slug"] for row in answer(data_dir, "tenant", "list")]


def test_it_is_put_back_where_it_was_and_on_an_empty_database(
    data_dir: Path, tmp_path: Path
) -> None:
    backup = str(tmp_path / "backup")
    answer(data_dir, "backup", "create", backup)
    answer(data_dir, "tenant", "create", "later", "--name", "Later")

    unconfirmed = admin(data_dir, "--private-postgres", "backup", "restore", backup)
    restored = answer(data_dir, "backup", "restore", backup, "--confirm", "license")

    assert (unconfirmed.returncode, "--confirm license" in unconfirmed.stderr) == (4, True)
    assert restored["kept"].startswith("license_before_")
    assert slugs(data_dir) == ["acme"]

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    pepper = "license-key-pepper-1"
    (elsewhere / pepper).write_bytes((data_dir / pepper).read_bytes())
    (elsewhere / pepper).chmod(0o600)
    assert answer(elsewhere, "backup", "restore", backup)["kept"] is None
    assert slugs(elsewhere) == ["acme"]


def test_the_word_is_explained_and_stands_first(tmp_path: Path) -> None:
    assert "--private-postgres" in admin(tmp_path, "--help").stdout
    assert admin(tmp_path, "--private-postgres", "tenant", "--help").returncode == 0
    late = admin(tmp_path, "tenant", "list", "--private-postgres")
    assert (late.returncode, "unrecognized arguments" in late.stderr) == (2, True)
    assert not (tmp_path / "database").exists()
