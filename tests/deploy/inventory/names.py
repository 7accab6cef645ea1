"""What of a document's text looks like a name or a value, found mechanically."""

import hashlib
import re
from pathlib import Path
from typing import Final

from deploy.inventory.table import REPOSITORY

_WORD: Final = re.compile(r"[A-Za-z0-9_$#][A-Za-z0-9_./:@%$*=+-]*")
_NAME: Final = re.compile(r"\d|_|[A-Za-z0-9][-./:@=][A-Za-z0-9]|[a-z][A-Z]|^[A-Z]{2,}$")
_PUBLIC: Final = re.compile(r"\b(?!10\.|127\.|0\.)(?:\d{1,3}\.){3}\d{1,3}\b")
PUBLIC_ADDRESS: Final = "<public-address>"
"""What stands for addresses of the live system, of which no file here speaks."""

FOLDER: Final = REPOSITORY.parent / "shared" / "seeds"
"""Where the documents lie on machines that have them, beside the repository."""

FILES: Final = {"checkpoint": "000_*.txt", "strategy": "003_*.txt"}


def text_of(document: str) -> str | None:
    """Return the document's text, or None where this machine does not have it."""
    found = list(FOLDER.glob(FILES[document]))
    return found[0].read_text() if found else None


def digest_of(text: str) -> str:
    """Return the SHA-256 by which the table knows which text it was made for."""
    return hashlib.sha256(text.encode()).hexdigest()


def names_in(text: str) -> list[str]:
    """Return what looks like a name, each once, in order: digits, joints, capitals inside."""
    words = (word.rstrip(".:-/=*+,") for word in _WORD.findall(without_addresses(text)))
    return list(dict.fromkeys(word for word in words if _NAME.search(word)))


def without_addresses(text: str) -> str:
    """Return the text with one word in place of each public IPv4 address."""
    return _PUBLIC.sub(PUBLIC_ADDRESS, text)


def kept_names(folder: Path, document: str) -> tuple[str, list[str]]:
    """Return the digest and the names that are kept of a document in this repository."""
    digest, *names = (folder / f"{document}.names").read_text().splitlines()
    return digest, names
