"""Root keys in the files of one folder: for development, and for rehearsing a rotation.

``root-key.pem`` is the first, ``root-key-2.pem`` the second. A suffix says what is to become of a
key: ``.disabled``, ``.destroy-at-<seconds since the epoch>``, and ``.destroyed`` for the empty file
that keeps its number from being given again.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from foundation.clock import Clock, utc_now
from signing.errors import UnsafeKey
from signing.key_versions import KeyState, KeyVersion
from signing.local import LocalSigner

PREFIX: Final = "file:"
DESTRUCTION_SECONDS: Final = 30 * 86_400
"""How long a scheduled destruction can be taken back; the default of Cloud KMS."""

_DISABLED: Final = ".disabled"
_DESTROYED: Final = ".destroyed"
_SCHEDULED: Final = ".destroy-at-"


class LocalKeyVersions:
    """The keys beside the file of the first one. One process administers them at a time.

    ``make`` gives the PEM of a new key, by default of one that nobody has seen.
    """

    def __init__(
        self, first: Path, *, clock: Clock = utc_now, make: Callable[[], bytes] | None = None
    ) -> None:
        self._first = first
        self._clock = clock
        self._make = make
        stem, suffix = re.escape(first.stem), re.escape(first.suffix)
        self._file_name = re.compile(
            rf"(?P<name>{stem}(?:-(?P<number>[0-9]+))?{suffix})"
            rf"(?P<mark>|{_DISABLED}|{_DESTROYED}|{_SCHEDULED}[0-9]+)"
        )

    def create(self) -> KeyVersion:
        """Make a key under the next number that was never given. Takes up to some seconds."""
        number = max(self._files(), default=0) + 1
        name = f"{self._first.stem}-{number}{self._first.suffix}"
        path = self._first.with_name(name) if number > 1 else self._first
        LocalSigner.open(path, make=self._make)
        return self.find(f"{PREFIX}{path.name}")

    def all(self) -> tuple[KeyVersion, ...]:
        """Return every key of the folder by its number."""
        return tuple(self._version(file) for _, file in sorted(self._files().items()))

    def find(self, location: str) -> KeyVersion:
        """Return the key at ``file:<name>``."""
        return self._version(self._file(location))

    def signer(self, location: str) -> LocalSigner:
        """Return the signer of an enabled key."""
        self._require(location, KeyState.ENABLED)
        return LocalSigner.open(self._file(location))

    def disable(self, location: str) -> None:
        """Rename the file, so that no process finds it; those that hold it must let go."""
        if self.find(location).state is not KeyState.DISABLED:
            self._require(location, KeyState.ENABLED)
            self._mark(location, _DISABLED)

    def enable(self, location: str) -> None:
        """Give the file its name back."""
        if self.find(location).state is not KeyState.ENABLED:
            self._require(location, KeyState.DISABLED)
            self._mark(location, "")

    def schedule_destruction(self, location: str) -> None:
        """Have the key removed by whoever looks first after 30 days."""
        gone = {KeyState.DESTROY_SCHEDULED, KeyState.DESTROYED}
        if self.find(location).state not in gone:
            self._require(location, KeyState.DISABLED)
            at = int(self._clock().timestamp()) + DESTRUCTION_SECONDS
            self._mark(location, f"{_SCHEDULED}{at}")

    def restore(self, location: str) -> None:
        """Take back a destruction that has not happened."""
        if self.find(location).state is not KeyState.DISABLED:
            self._require(location, KeyState.DESTROY_SCHEDULED)
            self._mark(location, _DISABLED)

    def _files(self) -> dict[int, Path]:
        found = {}
        for path in self._first.parent.iterdir():
            match = self._file_name.fullmatch(path.name)
            if match is not None:
                found[int(match["number"] or 1)] = self._destroyed_in_time(path, match)
        return found

    def _destroyed_in_time(self, path: Path, match: re.Match[str]) -> Path:
        at = match["mark"].removeprefix(_SCHEDULED)
        if not at.isdigit() or self._clock().timestamp() < int(at):
            return path
        tombstone = path.with_name(match["name"] + _DESTROYED)
        tombstone.touch(mode=0o600)
        path.unlink()
        return tombstone

    def _file(self, location: str) -> Path:
        name = location.removeprefix(PREFIX)
        for path in self._files().values():
            match = self._file_name.fullmatch(path.name)
            if location.startswith(PREFIX) and match is not None and match["name"] == name:
                return path
        raise UnsafeKey(f"no key {location} beside {self._first}")

    def _version(self, path: Path) -> KeyVersion:
        match = self._file_name.fullmatch(path.name)
        if match is None:
            raise UnsafeKey(f"{path} is not named as a key")
        made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return KeyVersion(
            location=f"{PREFIX}{match['name']}", state=_state(match["mark"]), created_at=made_at
        )

    def _require(self, location: str, state: KeyState) -> None:
        found = self.find(location).state
        if found is not state:
            raise UnsafeKey(f"the key {location} is {found.value}, not {state.value}")

    def _mark(self, location: str, mark: str) -> None:
        path = self._file(location)
        path.rename(path.with_name(location.removeprefix(PREFIX) + mark))


def _state(mark: str) -> KeyState:
    if mark.startswith(_SCHEDULED):
        return KeyState.DESTROY_SCHEDULED
    states = {"": KeyState.ENABLED, _DISABLED: KeyState.DISABLED, _DESTROYED: KeyState.DESTROYED}
    return states[mark]
