"""What must not be among the files of an image."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

UNREADABLE_OF_DEBIAN: Final = frozenset(
    {
        "etc/.pwd.lock",
        "etc/gshadow",
        "etc/gshadow-",
        "etc/security/opasswd",
        "etc/shadow",
        "etc/shadow-",
        "etc/ssl/private",
        "root",
        "var/cache/apt/archives/lock",
        "var/cache/apt/archives/partial",
        "var/cache/debconf/passwords.dat",
        "var/cache/ldconfig",
        "var/lib/apt/lists/lock",
        "var/lib/apt/lists/partial",
        "var/lib/dpkg/lock",
        "var/lib/dpkg/lock-frontend",
        "var/lib/dpkg/triggers/Lock",
        "var/log/btmp",
    }
)
"""What the base itself keeps from others; no server reads it."""

DATA: Final = "var/lib/license"
OURS: Final = ("opt/license", "srv/license")
_NOT_THERE: Final = frozenset({".git", ".env", ".venv", ".local", ".ci", "node_modules"})
_NOT_OF_OURS: Final = frozenset({"tests", "vectors", "fuzz", "benchmarks", "docs", "requirements"})
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")
_LARGEST_TEXT: Final = 1_000_000


def surprises(root: Path) -> list[str]:
    """Return a line for each file or folder under a root that has no business in an image.

    Links are not followed. Not looked at: what is in compiled code and in files of over a megabyte.
    """
    return sorted(line for path in _walk(root) for line in _told(path, root))


def _walk(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder) / name for name in (*folders, *files))


def _told(path: Path, root: Path) -> Iterator[str]:
    name = str(path.relative_to(root))
    facts = path.lstat()
    if stat.S_ISLNK(facts.st_mode):
        return
    yield from _modes(name, facts)
    if path.name in _NOT_THERE or (name.startswith("srv/license/") and path.name in _NOT_OF_OURS):
        yield f"{name}: of a developer's machine"
    if stat.S_ISREG(facts.st_mode) and name.startswith(OURS) and _holds_a_key(path, facts):
        yield f"{name}: a private key"


def _modes(name: str, facts: os.stat_result) -> Iterator[str]:
    mode = stat.S_IMODE(facts.st_mode)
    if stat.S_ISREG(facts.st_mode) and mode & (stat.S_ISUID | stat.S_ISGID):
        yield f"{name}: runs as its owner ({mode:04o})"
    if name == DATA:
        return
    if not mode & stat.S_IROTH and name not in UNREADABLE_OF_DEBIAN:
        yield f"{name}: not everybody can read it ({mode:04o})"
    if name.startswith(("opt/license/", "srv/license/")):
        if mode != 0o555:
            yield f"{name}: mode {mode:04o} instead of 0555"
        if (facts.st_uid, facts.st_gid) != (0, 0):
            yield f"{name}: owned by {facts.st_uid}:{facts.st_gid}"
    elif facts.st_uid == 10001:
        yield f"{name}: the server owns it"


def _holds_a_key(path: Path, facts: os.stat_result) -> bool:
    if facts.st_size > _LARGEST_TEXT or path.suffix in {".pyc", ".so"}:
        return False
    return _PRIVATE_KEY.search(path.read_bytes()) is not None
