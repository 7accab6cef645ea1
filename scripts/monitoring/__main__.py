"""``python -m scripts.monitoring``: writes what is made of the rules and of the dashboards."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.monitoring.dashboards import dashboards
from scripts.monitoring.kubernetes_objects import objects
from scripts.monitoring.rule_files import MONITORING


def main(words: Sequence[str] | None = None) -> int:
    """Write the files, or with ``--check`` only say which are not as they would be written."""
    asked = _parser().parse_args(words)
    written = objects(asked.runbooks) | dashboards()
    made = {asked.to / path.relative_to(MONITORING): text for path, text in written.items()}
    stale = [path for path, text in made.items() if not _has(path, text)]
    for path in stale:
        sys.stdout.write(f"{'not in step' if asked.check else 'wrote'}: {path.name}\n")
        if not asked.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path])
    return 1 if asked.check and stale else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.monitoring",
        description="Write the Kubernetes objects of the rules, and the dashboards.",
        allow_abbrev=False,
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a file differs")
    parser.add_argument(
        "--runbooks",
        metavar="URL",
        default="",
        help="what stands before docs/runbooks/….md in runbook_url, with a slash at its end",
    )
    said = "the folder to write into (default: kubernetes/monitoring)"
    parser.add_argument("--to", metavar="FOLDER", type=Path, default=MONITORING, help=said)
    return parser


def _has(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
