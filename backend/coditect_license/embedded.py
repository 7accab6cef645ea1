"""What a laptop needs instead of a secret store: random secrets kept in the data folder.

Each is made at first start, with mode 0600, and read afterwards.
"""

import secrets
import tempfile
from pathlib import Path

from foundation.env import EnvironmentMistake
from foundation.private_files import UnsafeFile, kept


def data_dir(path: str) -> Path:
    """Return the data folder, made as :func:`make_data_dir` does."""
    folder = Path(path).absolute()
    make_data_dir(folder)
    return folder


def make_data_dir(folder: Path) -> None:
    """Make the data folder with mode 0700 when it is missing.

    Raises EnvironmentMistake when it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentMistake(
            f"LICENSE_DATA_DIR: cannot make {folder}: {error.strerror}"
        ) from error
    try:
        with tempfile.TemporaryFile(dir=folder):  # asking for the mode would not know root's limits
            pass
    except OSError as error:
        raise EnvironmentMistake(
            f"LICENSE_DATA_DIR: cannot write to {folder}: {error.strerror}"
        ) from error


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file, 256 random bits as hexadecimal, made when missing.

    Raises EnvironmentMistake when others can touch the file.
    """
    try:
        return kept(path, lambda: secrets.token_hex(32).encode()).decode("ascii").strip()
    except UnsafeFile as error:
        raise EnvironmentMistake(str(error)) from error
