"""A seat as a file: verified on the device alone, good until its end and no longer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from coditect_license_sdk import (
    BorrowedSeat,
    ClockSuspect,
    ConfigurationError,
    LeaseLost,
    RootsMissing,
    RootUnknown,
    VerificationFailed,
)
from coditect_license_sdk._testing.root import published_root
from coditect_license_sdk.testing import ManualClock
from coditect_license_token import LicenseData, Roots
from coditect_license_token.testing import InMemorySigner

DAY = 86_400
DEVICE = "field-laptop"
KEY = "CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB"
Document = dict[str, Any]
Open = Callable[..., BorrowedSeat]


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def lent(clock: ManualClock, root: InMemorySigner, seconds: int = 7 * DAY) -> Document:
    """Return a file that was signed just now."""
    now = clock.wall_seconds()
    data = LicenseData(
        license_key=KEY,
        session_id="73f46bf0-6f5c-4a2e-9c60-927912944c44",
        tier="enterprise",
        expires_at=rfc3339(now + 365 * DAY),
        signed_at=rfc3339(now),
        hardware_id=DEVICE,
        lease_expires_at=rfc3339(now + seconds),
        key_id=root.key_id,
    )
    return dict(data.with_signature(root.sign(data.signed_bytes())))


@pytest.fixture
def root() -> InMemorySigner:
    return published_root()


@pytest.fixture
def opened(tmp_path: Path, clock: ManualClock, root: InMemorySigner) -> Open:
    """Open a document as a program does that has the file of it."""

    def open_it(document: object, **settings: Any) -> BorrowedSeat:
        file = tmp_path / "license.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        known: dict[str, Any] = {
            "roots": Roots([root.public_key]),
            "hardware_id": DEVICE,
            "clock": clock,
        }
        return BorrowedSeat.open(file, **(known | settings))

    return open_it


def test_a_file_holds_a_seat_until_its_end_without_a_server(
    opened: Open, clock: ManualClock, root: InMemorySigner
) -> None:
    document = lent(clock, root)
    seat = opened(document, license_key=KEY)

    assert seat.is_valid()
    assert (seat.tier, seat.proof()) == ("enterprise", document)
    clock.advance(7 * DAY - 1)
    seat.require()
    assert 0 < seat.remaining_seconds() <= 1
    clock.advance(1)
    assert not seat.is_valid()
    with pytest.raises(LeaseLost):
        seat.require()


def test_a_program_that_starts_again_finds_the_same_end(
    opened: Open, clock: ManualClock, root: InMemorySigner
) -> None:
    document = lent(clock, root)
    clock.advance(6 * DAY)

    assert opened(document).remaining_seconds() == pytest.approx(DAY, abs=1)
    clock.advance(DAY)
    with pytest.raises(VerificationFailed, match="ended"):
        opened(document)


@pytest.mark.parametrize(
    "forge",
    [
        lambda document: document | {"tier": "free"},
        lambda document: document | {"lease_expires_at": document["expires_at"]},
        lambda document: {key: value for key, value in document.items() if key != "signature"},
        lambda document: document | {"more": "members"},
        lambda _: [],
        lambda _: "{",
        lambda _: '{"tier": "pro", "tier": "max"}',
        lambda _: " " * 8_193,
    ],
)
def test_a_file_that_was_changed_holds_nothing(
    opened: Open, clock: ManualClock, root: InMemorySigner, forge: Callable[[Document], object]
) -> None:
    with pytest.raises(VerificationFailed):
        opened(forge(lent(clock, root)))


def test_a_file_of_another_device_key_or_root_holds_nothing(
    opened: Open, clock: ManualClock, root: InMemorySigner, other_root: InMemorySigner
) -> None:
    with pytest.raises(VerificationFailed, match="device"):
        opened(lent(clock, root), hardware_id="another")
    with pytest.raises(VerificationFailed, match="license key"):
        opened(lent(clock, root), license_key="CDT1-ANOTHER")
    with pytest.raises(RootUnknown):
        opened(lent(clock, other_root))


def test_without_roots_or_a_file_nothing_begins(
    opened: Open, clock: ManualClock, root: InMemorySigner, tmp_path: Path
) -> None:
    with pytest.raises(RootsMissing):
        opened(lent(clock, root), roots=None)
    with pytest.raises(ConfigurationError):
        BorrowedSeat.open(tmp_path / "nothing.json", roots=Roots([root.public_key]))


def test_a_clock_before_the_signature_is_found_out(
    opened: Open, clock: ManualClock, root: InMemorySigner
) -> None:
    document = lent(clock, root)
    clock.set_wall(clock.wall_seconds() - 301)

    with pytest.raises(ClockSuspect):
        opened(document)


def test_turning_the_clock_back_while_it_runs_buys_no_time(
    opened: Open, clock: ManualClock, root: InMemorySigner
) -> None:
    seat = opened(lent(clock, root, seconds=600))
    clock.set_wall(clock.wall_seconds() - 10_000)
    clock.advance(600)

    assert not seat.is_valid()
