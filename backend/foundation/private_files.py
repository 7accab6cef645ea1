"""Secrets kept in a file: made once, whole or not at all, readable by their owner alone."""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

_MOST_BYTES: Final = 65_536  # an RSA-4096 key in PEM is 3,300


class UnsafeFile(Exception):
    """A secret's file that others can touch, or that is no plain file; the message names it."""


def kept(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a secret's file, made by ``make`` with mode 0600 when it is missing.

    The file appears whole or not at all. When two processes start together, one wins and both
    return it. Raises UnsafeFile when group or others may touch it, or when it is no plain file.
    """
    if not path.exists():
        _write_once(path, make())
    return _read_private(path)


def _write_once(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first, and its secret is the one to keep
    finally:
        draft.unlink()


def _read_private(path: Path) -> bytes:
    try:
        # Not blocking: a pipe in the file's place must be an error and not a wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise UnsafeFile(f"{path} cannot be read: {error.strerror}") from error
    try:
        _require_private(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)


def _require_private(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise UnsafeFile(f"{path} is not a plain file")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnsafeFile(f"{path} can be touched by others; run: chmod 600 {path}")
