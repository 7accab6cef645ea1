"""Formats, validates and tests folders of opentofu/ and says what the engine said.

usage: python -m deploy.opentofu [modules/kms environments/production …]   (none: all)
"""

import sys
import tempfile
from pathlib import Path

from deploy.opentofu.engine import (
    OPENTOFU,
    Answer,
    Engine,
    copied,
    environment_folders,
    module_folders,
    started_engine,
)


def main() -> int:
    named = [OPENTOFU / name for name in sys.argv[1:]]
    folders = named or module_folders() + environment_folders()
    with started_engine() as engine:
        wrong = [folder for folder in folders if not _right(engine, folder)]
    return len(wrong)


def _right(engine: Engine, folder: Path) -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        print(f"== {folder.relative_to(OPENTOFU)}")  # noqa: T201
        copy = copied(folder, Path(scratch))
        unformatted = engine.unformatted(copy)
        print("\n".join(f"not formatted: {name}" for name in unformatted))  # noqa: T201
        steps = (engine.init, engine.validate, engine.test)
        return not unformatted and all(_said(step(copy)) for step in steps)


def _said(answer: Answer) -> bool:
    print(answer.out, answer.err)  # noqa: T201
    return answer.ok


if __name__ == "__main__":
    sys.exit(main())
