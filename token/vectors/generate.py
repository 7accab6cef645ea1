"""Writes the vector files, always the same bytes: both algorithms sign deterministically.

In `token/`: `python -m vectors.generate` writes them, `python -m vectors.generate --check` writes
nothing, names the files that differ, and exits 1 if there are any.
"""

import argparse
import json
import sys
from pathlib import Path

from . import (
    delegation_cases,
    hardware_binding_cases,
    keyset_cases,
    license_data_cases,
    license_token_cases,
    public_key_cases,
    revocations_cases,
)
from .forge import PUBLIC_KEYS

FOLDER = Path(__file__).parent
_DOCUMENTS = {
    "delegation.json": delegation_cases.document,
    "hardware_binding.json": hardware_binding_cases.document,
    "keyset.json": keyset_cases.document,
    "license_data.json": license_data_cases.document,
    "license_token.json": license_token_cases.document,
    "public_key.json": public_key_cases.document,
    "revocations.json": revocations_cases.document,
}


def generate() -> dict[str, str]:
    """Give the text of every vector file by file name."""
    texts = {}
    for name, document in _DOCUMENTS.items():
        whole = {**document(), "keys": PUBLIC_KEYS}
        texts[name] = json.dumps(whole, indent=1, sort_keys=True) + "\n"
    return texts


def main() -> int:
    """Write the vector files, or with `--check` compare them."""
    parser = argparse.ArgumentParser(prog="python -m vectors.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    texts = generate()
    if not parser.parse_args().check:
        for name, text in texts.items():
            (FOLDER / name).write_text(text, encoding="ascii")
        return 0
    stale = [name for name, text in texts.items() if _committed(name) != text]
    sys.stdout.writelines(f"{name} is not what vectors.generate makes\n" for name in stale)
    return 1 if stale else 0


def _committed(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text(encoding="ascii") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
