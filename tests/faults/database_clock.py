"""The clock that PostgreSQL's processes see, and they alone, in the hands of a test."""

from pathlib import Path
from typing import Final

_FOLDERS: Final = ("/usr/lib", "/usr/local/lib")
_NAME: Final = "faketime/libfaketime.so.1"


def libfaketime() -> Path | None:
    """Return the library, as Debian's package of this name installs it, or None."""
    return next((path for one in _FOLDERS for path in Path(one).glob(f"**/{_NAME}")), None)


class DatabaseClock:
    """Moves by whole seconds against the machine's clock, while PostgreSQL runs.

    What measures durations stays true: only the time of day is false.
    """

    def __init__(self, file: Path, library: Path) -> None:
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.move_to(0)

    def move_to(self, seconds: int) -> None:
        """Be so many seconds ahead of the machine's clock, behind it when negative."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{seconds:+d}\n")
        draft.rename(self._file)
