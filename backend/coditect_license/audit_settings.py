"""How the settings of the audit are read."""

import re
from typing import Final
from urllib.parse import urlsplit

from coditect_license_token import MalformedDocument
from coditect_license_token.checkpoint import NoteKey
from foundation.env import EnvironmentMistake

_NAME: Final = re.compile(r"[A-Za-z0-9._/-]{1,100}")


def audit_name(name: str, *, issuer: str) -> str:
    """Return the installation's name in checkpoints: by default ``HOST/audit`` of the issuer.

    Raises EnvironmentMistake for one that a note cannot carry.
    """
    chosen = name or f"{urlsplit(issuer).hostname}/audit"
    if _NAME.fullmatch(chosen) is None:
        raise EnvironmentMistake("LICENSE_AUDIT_NAME must be letters, digits and . _ / -")
    return chosen


def note_keys(texts: list[str]) -> list[str]:
    """Return public keys of notes as they are written. Raises EnvironmentMistake."""
    for text in texts:
        try:
            NoteKey.from_text(text)
        except MalformedDocument as mistake:
            raise EnvironmentMistake(f"LICENSE_AUDIT_RETIRED_KEYS: {mistake}") from mistake
    return texts
