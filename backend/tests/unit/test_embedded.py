"""The data folder of a machine without services, and the secrets kept in it."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coditect_license.embedded import data_dir, kept_secret
from foundation.env import EnvironmentMistake


def test_the_data_folder_is_made_private_with_those_above_it(tmp_path: Path) -> None:
    folder = data_dir(str(tmp_path / "above" / "data"))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_there_keeps_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")

    data_dir(str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_in_the_way_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(EnvironmentMistake, match="LICENSE_DATA_DIR: cannot make"):
            data_dir(str(path))


def test_a_folder_that_cannot_be_written_is_a_mistake(tmp_path: Path) -> None:
    folder = Path("/sys")  # where even root may not
    if os.geteuid() != 0:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)

    with pytest.raises(EnvironmentMistake, match="LICENSE_DATA_DIR: cannot write"):
        data_dir(str(folder))


def test_a_secret_is_made_once_with_256_random_bits(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "one")

    assert kept_secret(tmp_path / "one") == first
    assert kept_secret(tmp_path / "two") != first
    assert len(bytes.fromhex(first)) == 32
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starting:
        secrets = set(starting.map(kept_secret, [tmp_path / "secret"] * 16))

    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    kept_secret(path)
    path.chmod(0o644)

    with pytest.raises(EnvironmentMistake, match="secret"):
        kept_secret(path)
