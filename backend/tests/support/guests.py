"""Programs that use the SDK: the one of this commit, or one that was frozen long ago."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

_SUPPORT: Final = Path(__file__).parent
FROZEN: Final = _SUPPORT / "frozen" / "coditect_license_sdk-0.1.0-py3-none-any.whl"
FROZEN_SHA256: Final = "4f869df59b3ad37b33fdc9b8381391fc6c5923a153fa40c921adb2d7fb08c2f9"
_PATIENCE_SECONDS: Final = 30


def frozen_sdk() -> Path:
    """Return the wheel of an SDK that knows nothing of links, editions and revocation lists."""
    assert hashlib.sha256(FROZEN.read_bytes()).hexdigest() == FROZEN_SHA256
    return FROZEN


class Guest:
    """A program in a process of its own; ``sdk`` is the wheel it uses, None for this commit's."""

    def __init__(self, sdk: Path | None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(sdk) if sdk is not None else ""}
        self._process = subprocess.Popen(
            [sys.executable, str(_SUPPORT / "children" / "use_sdk.py")],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, command: str, *arguments: object) -> dict[str, Any]:
        """Have it do something and return what it says: ``said`` or ``refused``."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([command, *arguments]) + "\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=_PATIENCE_SECONDS)
