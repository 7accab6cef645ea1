"""A private key in a file is made once and read by its owner alone."""

import stat
from pathlib import Path

import pytest

from foundation.private_files import UnsafeFile, kept


def test_a_missing_key_is_made_with_mode_0600(tmp_path: Path) -> None:
    assert kept(tmp_path / "key", lambda: b"made") == b"made"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_key_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    kept(tmp_path / "key", lambda: b"first")

    assert kept(tmp_path / "key", lambda: b"second") == b"first"


def test_the_key_that_was_there_first_wins_a_race(tmp_path: Path) -> None:
    def made_while_another_process_is_faster() -> bytes:
        kept(tmp_path / "key", lambda: b"the other's")
        return b"ours"

    assert kept(tmp_path / "key", made_while_another_process_is_faster) == b"the other's"


def test_nothing_but_the_key_is_left_behind(tmp_path: Path) -> None:
    kept(tmp_path / "key", lambda: b"made")

    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o601])
def test_a_key_that_others_can_touch_is_refused_by_name(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    kept(path, lambda: b"made")
    path.chmod(mode)

    with pytest.raises(UnsafeFile, match=str(path)):
        kept(path, lambda: b"another")


def test_a_dangling_link_is_no_place_for_a_key(tmp_path: Path) -> None:
    (tmp_path / "key").symlink_to(tmp_path / "nowhere")

    with pytest.raises(UnsafeFile):
        kept(tmp_path / "key", lambda: b"made")
