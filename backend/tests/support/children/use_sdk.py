"""Be a program that uses the SDK of this process, whichever that is, at a clock moved by hand.

Reads one command a line, a JSON list, and answers each with one JSON object::

    ["start", {"url", "key", "roots", "cache", "device", "wall_seconds"}]
    ["acquire"]    ["kept"]    ["advance", seconds]    ["version"]
"""

import json
import sys
from pathlib import Path
from typing import Any

from coditect_license_sdk import LicenseClient, LicenseError
from coditect_license_sdk.testing import ManualClock


class Program:
    """What a command does."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.client: LicenseClient | None = None

    def start(self, told: dict[str, Any]) -> object:
        self.clock = ManualClock(wall_seconds=told["wall_seconds"])
        self.client = LicenseClient(
            told["url"],
            license_key=told["key"],
            roots=told["roots"].encode(),
            hardware_id=told["device"],
            cache_dir=Path(told["cache"]),
            clock=self.clock,
        )
        return "started"

    def acquire(self) -> object:
        assert self.client is not None
        return self.client.acquire(keep=False).session_id

    def kept(self) -> object:
        assert self.client is not None
        lease = self.client.kept_lease()
        return lease.session_id if lease is not None else None

    def advance(self, seconds: float) -> object:
        self.clock.advance(seconds)
        return "advanced"

    def where(self) -> object:
        return str(sys.modules["coditect_license_sdk"].__file__)


def main() -> None:
    program = Program()
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        try:
            answer = {"said": getattr(program, command)(*arguments)}
        except LicenseError as error:
            answer = {"refused": type(error).__name__}
        print(json.dumps(answer), flush=True)  # noqa: T201  it is how the test hears


if __name__ == "__main__":
    main()
