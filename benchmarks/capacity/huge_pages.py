"""Huge pages for PostgreSQL's shared memory, as its manual has an operator reserve them.

A look into gigabytes of shared memory costs a second look, into the page table, unless the pages
are huge (docs/adr/0041). The kernel's pool is the whole machine's, so it is set back at the end. A
run that is ended by SIGKILL does not: ``sysctl vm.nr_hugepages=0`` gives the memory back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

POOL: Final = Path("/proc/sys/vm/nr_hugepages")
_PAGE_MEGABYTES: Final = 2
_BESIDE_BUFFERS: Final = 1.08
"""PostgreSQL's shared memory is a little more than its ``shared_buffers``."""


@contextmanager
def reserved(buffers_megabytes: int, *, pool: Path = POOL) -> Iterator[bool]:
    """Reserve the pages meanwhile; yield whether it could be done.

    It takes root, and as much free memory in one piece for each page.
    """
    before = _read(pool)
    wanted = int(buffers_megabytes * _BESIDE_BUFFERS) // _PAGE_MEGABYTES
    try:
        yield _set(pool, before + wanted)
    finally:
        _set(pool, before)


def _read(pool: Path) -> int:
    try:
        return int(pool.read_text())
    except OSError:
        return 0


def _set(pool: Path, pages: int) -> bool:
    """Set the pool's size, or leave it; return whether the kernel found as many."""
    before = _read(pool)
    if before == pages:
        return True
    try:
        pool.write_text(str(pages))
        if _read(pool) < pages:
            pool.write_text(str(before))
    except OSError:
        return False
    return _read(pool) == pages
