"""A seat that was lent to this device as a file: verified without a server, good until its end."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from coditect_license_sdk import _options
from coditect_license_sdk._clock import ROLLBACK_TOLERANCE_SECONDS, Clock, SystemClock
from coditect_license_sdk._hardware import hardware_id as this_device
from coditect_license_sdk._trust import load_roots
from coditect_license_sdk._verify import open_statement
from coditect_license_sdk.errors import (
    ClockSuspect,
    ConfigurationError,
    LeaseLost,
    VerificationFailed,
)
from coditect_license_token import LicenseData, Roots

MAX_FILE_BYTES: Final = 8_192


class BorrowedSeat:
    """A seat held by a file, which an administrator downloaded for this device.

    Make it with :meth:`open`. Nothing keeps or renews it and nobody is asked: the program may run
    until `lease_expires_at`, and the server counts the seat until then. All may be read from any
    thread. It knows no entitlements: the file names the tier alone.
    """

    def __init__(self, data: LicenseData, document: Mapping[str, Any], clock: Clock) -> None:
        self._data = data
        self._document = dict(document)
        self._clock = clock
        left_seconds = data.lease_end.timestamp() - clock.wall_seconds()
        self._ends_at = clock.boot_seconds() + left_seconds

    @classmethod
    def open(
        cls,
        file: Path | str,
        *,
        license_key: str | None = None,
        roots: Roots | Path | str | bytes | None = None,
        hardware_id: str | None = None,
        cache_dir: Path | str | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """Verify a file under the pinned roots, for this device and at this time.

        `license_key` is compared when given, so that a file of another product is no good. What is
        not passed comes from the environment as for a client: CODITECT_LICENSE_ROOTS, _KEY,
        _HARDWARE_ID. Time is counted on the clock that nobody can set from here on; before, a clock
        that stands earlier than the file's signature is found out. Raises ConfigurationError for a
        file that cannot be read, RootsMissing, VerificationFailed, RootUnknown, ClockSuspect.
        """
        clock = clock or SystemClock()
        folder = Path(cache_dir) if cache_dir else _options.default_cache_dir()
        device = hardware_id or _options.setting("HARDWARE_ID") or this_device(folder)
        pinned = load_roots(roots if roots is not None else _options.setting("ROOTS"))
        document = _read(Path(file))
        now = clock.wall_seconds()
        data = open_statement(document, roots=pinned, now=int(now), hardware_id=device)
        _require_key(data, license_key or _options.secret_setting("KEY"))
        _require_clock(data, now)
        return cls(data, document, clock)

    @property
    def session_id(self) -> str:
        """The session that holds the seat."""
        return self._data.session_id

    @property
    def tier(self) -> str:
        """The license's tier."""
        return self._data.tier

    @property
    def license_expires_at(self) -> datetime:
        """The license's own end, in UTC."""
        return self._data.license_end

    @property
    def lease_expires_at(self) -> datetime:
        """The file's end, in UTC; `remaining_seconds` is what to act on."""
        return self._data.lease_end

    def is_valid(self) -> bool:
        """Say whether the program may run now. It asks nobody and is fast."""
        return self.remaining_seconds() > 0

    def remaining_seconds(self) -> float:
        """Say how long the program may run."""
        return max(0.0, self._ends_at - self._clock.boot_seconds())

    def require(self) -> None:
        """Return if the file still runs. Raises LeaseLost."""
        if not self.is_valid():
            raise LeaseLost("the borrowed seat has ended")

    def proof(self) -> dict[str, Any]:
        """Give the signed document, for `coditect-license verify` or a log."""
        return dict(self._document)

    def __repr__(self) -> str:
        state = "valid" if self.is_valid() else "ended"
        return f"<{type(self).__name__} {self.session_id} {state}>"


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}") from error
    if len(text) > MAX_FILE_BYTES:
        raise VerificationFailed(f"{file} is longer than a license file can be")
    try:
        document = json.loads(text, object_pairs_hook=without_duplicates)
    except (ValueError, RecursionError) as error:
        raise VerificationFailed(f"{file} is not JSON") from error
    if not isinstance(document, dict):
        raise VerificationFailed(f"{file} is not a JSON object")
    return document


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object. Raises ValueError when one is there twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def _require_key(data: LicenseData, license_key: str | None) -> None:
    if license_key is not None and data.license_key != license_key:
        raise VerificationFailed("the file is of another license key")


def _require_clock(data: LicenseData, now: float) -> None:
    signed_at = datetime.fromisoformat(data.signed_at).timestamp()
    if now < signed_at - ROLLBACK_TOLERANCE_SECONDS:
        raise ClockSuspect("the clock stands before the time at which the file was signed")
