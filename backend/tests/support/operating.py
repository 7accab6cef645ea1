"""license-admin in the test's own process, as an operator types it."""

import io
import json
import sys
from dataclasses import dataclass
from typing import Any

from coditect_license.license_admin.program import main


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def answer(self) -> Any:
        """What a command with ``--json`` answered."""
        assert self.status == 0, self.err
        return json.loads(self.out)


def admin(*words: object, stdin: str = "") -> Ended:
    """Run a command and return how it ended, also when the words make no command."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(stdin), out, err
    try:
        status = main([str(word) for word in words])
    except SystemExit as end:  # how argparse ends
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return Ended(status, out.getvalue(), err.getvalue())


def answer(*words: object, stdin: str = "") -> Any:
    """Run a command with ``--json`` and return its answer. Raises AssertionError when it failed."""
    return admin(*words, "--json", stdin=stdin).answer
