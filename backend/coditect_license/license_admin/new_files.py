"""Files that a command writes: new ones, for their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from coditect_license.license_admin.errors import AdminError


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Make a file that was not there, to write ASCII into; it goes again when the block fails.

    Raises AdminError when it cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise AdminError(f"{path} cannot be made: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
