"""Where builds keep what the next one can use, and where the bill of materials is left."""

import os
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[3]
CACHE: Final = REPOSITORY / ".local/infra/image"
BILL: Final = REPOSITORY / ".local/image/license-server.cdx.json"


def make_cache() -> None:
    """Make the folder: root's alone, because images hold programs of all kinds of owners."""
    CACHE.mkdir(parents=True, exist_ok=True)
    CACHE.chmod(0o700)
    assert CACHE.stat().st_uid == os.geteuid()
