"""The data folder: one folder a resource, one file a fact, everything of mode 0600.

::

    ca.pem, tls-key.pem                    how the server is recognized
    lock                                   held by the one server that works here
    faults.json                            what a person has asked to go wrong
    service-accounts/EMAIL.json            callers, in Google's own format
    projects/P/locations/L/keyRings/R/     key_ring.json, iam_policy.json
        cryptoKeys/K/                      crypto_key.json, iam_policy.json
            cryptoKeyVersions/V/           version.json, key.pem
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderBusy(Exception):
    """Another server works in the folder; the message names it."""


class DataFolder:
    """Reads and writes files; each write is whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def for_one_server(self) -> Iterator[None]:
        """Keep other servers out of the folder until the block ends. Raises FolderBusy."""
        with open(os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "wb") as lock:  # noqa: PTH123
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderBusy(f"another local KMS works in {self.path}") from error
            yield

    def write(self, name: str, content: bytes) -> Path:
        """Put a file in place of what is there, readable by its owner alone."""
        path = self.path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return path

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None when there is no such file."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def every(self, file: str, *, under: str) -> Iterator[tuple[str, bytes]]:
        """Yield each resource that has this file, sorted by name, with the file's content."""
        for path in sorted((self.path / under).rglob(file)):
            yield str(path.parent.relative_to(self.path)), path.read_bytes()
