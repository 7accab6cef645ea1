"""What a command says: a table for people, or one JSON object for scripts."""

import json
import sys
from collections.abc import Mapping

from coditect_license_sdk.errors import LicenseError


class Output:
    """Where a command's answer goes: facts to stdout, warnings to stderr."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def facts(self, facts: Mapping[str, object]) -> None:
        """Print facts, one a line, names aligned; None is left out."""
        if self.as_json:
            return self.document(facts)
        shown = {name.replace("_", " "): _text(value) for name, value in facts.items()}
        width = max(map(len, shown), default=0)
        for name, value in shown.items():
            if value:
                _say(f"{name:<{width}}  {value}")
        return None

    def document(self, document: Mapping[str, object]) -> None:
        """Print one JSON object."""
        _say(json.dumps(document, indent=2, sort_keys=True))

    def warn(self, words: str) -> None:
        """Say something beside the answer."""
        sys.stderr.write(f"coditect-license: {words}\n")
        sys.stderr.flush()

    def fail(self, error: LicenseError) -> None:
        """Say what went wrong: to stderr, and as JSON if asked."""
        if self.as_json:
            self.document({"error": error.code, "message": str(error)})
        else:
            self.warn(str(error))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | frozenset):
        return ", ".join(map(str, value))
    return str(value)
