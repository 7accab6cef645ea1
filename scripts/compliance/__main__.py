"""``python -m scripts.compliance``: writes the pages of compliance that are made of data."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.compliance import control_matrix, endpoints, unproven

REPOSITORY: Final = Path(__file__).resolve().parents[2]


def main(words: Sequence[str] | None = None) -> int:
    """Write the pages, or with ``--check`` only say which are not as they would be written."""
    asked = _parser().parse_args(words)
    pages = {asked.to / path.relative_to(REPOSITORY): text for path, text in made().items()}
    stale = [path for path, text in pages.items() if not _has(path, text)]
    for path in stale:
        sys.stdout.write(f"{'not in step' if asked.check else 'wrote'}: {path.name}\n")
        if not asked.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages[path])
    return 1 if asked.check and stale else 0


def made() -> dict[Path, str]:
    """Return each page with its text."""
    return {
        control_matrix.PAGE: control_matrix.matrix_page(control_matrix.read_frameworks()),
        unproven.PAGE: unproven.unproven_page(unproven.read_questions()),
        endpoints.PAGE: endpoints.pack_page(),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.compliance",
        description="Write the control matrix, what is not proven, and the addresses to attack.",
        allow_abbrev=False,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page differs")
    said = "the folder to write into (default: the repository)"
    parser.add_argument("--to", metavar="FOLDER", type=Path, default=REPOSITORY, help=said)
    return parser


def _has(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
