"""Where tests keep many files for a moment."""

import os
import shutil
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")
_ENOUGH_MEMORY_BYTES: Final = 1 << 30


def quick_folder() -> Path | None:
    """Return where files are kept in memory, or None for the usual temporary folder.

    A database of PostgreSQL is 300 files. On a disk that has just forgotten as many, ext4 takes
    from 25 to 210 ms for a copy of one; in memory it takes from 10 to 18 ms, whatever came
    before. And a disk that others write to makes each commit wait.
    """
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH_MEMORY_BYTES
    return _MEMORY if roomy else None
