"""The commands acquire, status and release: a seat that outlives the command.

A small file beside the cache remembers which session was taken, and as which program, so that a
later command can give it back.
"""

import argparse
import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from coditect_license_sdk._cache import write_atomically
from coditect_license_sdk._cli.exits import OK, REFUSED
from coditect_license_sdk._cli.output import Output
from coditect_license_sdk._cli.settings import cache_folder, make_client
from coditect_license_sdk._client import LicenseClient
from coditect_license_sdk._lease import LeaseView
from coditect_license_sdk._options import fresh_instance_id
from coditect_license_sdk.errors import ConfigurationError, LicenseUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What must be known to give a seat back."""

    session_id: str
    instance_id: str


def acquire(chosen: argparse.Namespace, output: Output) -> int:
    """Take a seat and leave it taken until its lease ends or it is released.

    Taking it again renews the same seat.
    """
    file = _seat_file(chosen)
    held = _read(file)
    instance_id = held.instance_id if held else f"cli-{fresh_instance_id()}"
    client = _client(chosen, instance_id=instance_id)
    lease = client.acquire(wait_seconds=chosen.wait, keep=False)
    _write(file, Seat(session_id=lease.session_id, instance_id=instance_id))
    output.facts(_facts(lease) | (lease.proof() if output.as_json else {}))
    return OK


def status(chosen: argparse.Namespace, output: Output) -> int:
    """Show the lease kept on this device, verified, without asking the server.

    The one that acquire took, else that of a program. Exit code 1: none is in force.
    """
    lease = _client(chosen).kept_lease() or make_client(chosen).kept_lease()
    if lease is None:
        output.facts({"state": "none", "hint": "no lease of this device is in force"})
        return REFUSED
    output.facts(_facts(lease))
    return OK


def release(chosen: argparse.Namespace, output: Output) -> int:
    """Give back the seat that acquire took, if it took one."""
    file = _seat_file(chosen)
    seat = _read(file)
    if seat is None:
        output.facts({"state": "none", "hint": "no seat was taken by acquire on this device"})
        return OK
    with contextlib.suppress(LicenseUnknown):  # the server has forgotten it: as good as released
        _client(chosen, instance_id=seat.instance_id).release(seat.session_id)
    file.unlink(missing_ok=True)
    output.facts({"state": "released", "session_id": seat.session_id})
    return OK


def _facts(lease: LeaseView) -> dict[str, object]:
    return {
        "state": lease.state.value,
        "session_id": lease.session_id,
        "tier": lease.tier,
        "entitlements": sorted(lease.entitlements),
        "lease_expires_at": lease.lease_expires_at.isoformat(timespec="microseconds"),
        "remaining_seconds": round(lease.remaining_seconds()),
        "license_expires_at": lease.license_expires_at.isoformat(timespec="microseconds"),
        "seats_in_use": lease.seats_in_use,
        "seats_total": lease.seats_total,
        "offline": lease.offline,
    }


def _client(chosen: argparse.Namespace, **more: str) -> LicenseClient:
    """Keep this seat's lease apart from those of programs that come and go on the device."""
    return make_client(chosen, cache_dir=cache_folder(chosen) / "cli", **more)


def _seat_file(chosen: argparse.Namespace) -> Path:
    return cache_folder(chosen) / "cli" / "seat.json"


def _read(file: Path) -> Seat | None:
    """Read the seat file; a damaged one is as good as none: the lease lapses by itself."""
    try:
        return Seat(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, seat: Seat) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(file, json.dumps(asdict(seat)).encode())
    except OSError as error:
        raise ConfigurationError(
            f"the seat was taken, but {file} cannot be written, so release will not find it"
        ) from error
