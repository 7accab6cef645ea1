"""Every module: as ``fmt`` writes it, valid, and its own tests pass."""

import re
from pathlib import Path

import pytest
from deploy.opentofu.engine import Engine, copied, module_folders

FURNITURE = ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md")


@pytest.fixture(params=module_folders(), ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def copy(engine: Engine, folder: Path, tmp_path: Path) -> Path:
    made = copied(folder, tmp_path)
    answer = engine.init(made)
    assert answer.ok, answer.err
    return made


def test_it_has_all_its_files(folder: Path) -> None:
    missing = [name for name in FURNITURE if not (folder / name).is_file()]

    assert missing == []
    assert list(folder.glob("tests/*.tftest.hcl"))


def test_it_is_written_as_fmt_writes(engine: Engine, copy: Path) -> None:
    assert engine.unformatted(copy) == []


def test_it_is_valid(engine: Engine, copy: Path) -> None:
    answer = engine.validate(copy)

    assert answer.ok, answer.err
    assert "Warning" not in answer.text, answer.out


def test_its_own_tests_pass(engine: Engine, copy: Path) -> None:
    answer = engine.test(copy)

    assert answer.ok, answer.out + answer.err
    passed = re.search(r"Success! (\d+) passed, 0 failed", answer.text)
    assert passed is not None
    assert int(passed[1]) > 0
