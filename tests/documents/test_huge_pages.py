"""The kernel's pool of huge pages is as it was after a run of the capacity benchmark."""

from pathlib import Path, PosixPath

import pytest
from benchmarks.capacity.huge_pages import reserved


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    file = tmp_path / "nr_hugepages"
    file.write_text("7\n")
    return file


def test_the_pool_is_larger_meanwhile_and_as_it_was_afterwards(pool: Path) -> None:
    with reserved(1_000, pool=pool) as is_done:
        meanwhile = int(pool.read_text())

    assert is_done
    assert meanwhile == 7 + 540
    assert int(pool.read_text()) == 7


def test_the_pool_is_as_it_was_after_a_failure(pool: Path) -> None:
    with pytest.raises(RuntimeError), reserved(1_000, pool=pool):
        raise RuntimeError

    assert int(pool.read_text()) == 7


def test_a_kernel_without_a_pool_is_said_and_left_alone(tmp_path: Path) -> None:
    with reserved(1_000, pool=tmp_path / "missing" / "nr_hugepages") as is_done:
        pass

    assert not is_done


class Meager(PosixPath):
    """The pool of a kernel that finds a hundred pages and no more."""

    def write_text(self, data: str, *_: object, **__: object) -> int:
        return super().write_text(str(min(int(data), 100)))


def test_a_kernel_that_finds_fewer_pages_has_them_back_at_once(pool: Path) -> None:
    with reserved(1_000, pool=Meager(pool)) as is_done:
        meanwhile = int(pool.read_text())

    assert not is_done
    assert meanwhile == 7
