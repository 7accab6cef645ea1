"""The last good lease and the time floor, on disk: one small file for a server, license and device.

Atomic (a reader sees the old file or the new one), private (0600), sealed with a MAC. The MAC's key
is made from the license key and the device, so it catches damage, copies from other machines and
casual editing; it does not stop the owner of the machine. A file that does not hold is as good as
none, with a warning. Nothing here ever raises into the program.
"""

import hashlib
import hmac
import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from coditect_license_sdk._clock import TimeFloor

MAX_FILE_BYTES: Final = 262_144  # a key set, its list, two tokens: 60,000; 24 links: 95,000
_FORMAT: Final = 1
_OF_KEYS: Final = ("keyset", "revocations", "links", "keyset_version")
_log = logging.getLogger("coditect_license_sdk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept. None: not known. A released lease leaves its floor and loses its token.

    `instance_id` names the program the proof was given to: another's release leaves it.
    """

    instance_id: str | None = None
    license_token: str | None = None
    delegation: str | None = None
    floor: TimeFloor | None = None
    keyset: str | None = None
    revocations: str | None = None
    links: tuple[str, ...] = ()
    keyset_version: int = 0


class LeaseCache:
    """One file of kept facts, named by a hash of whom they are about."""

    def __init__(self, folder: Path, *, base_url: str, license_key: str, hardware_id: str) -> None:
        owner = f"{base_url}\n{license_key}\n{hardware_id}"
        self.file = folder / f"lease-{_digest('coditect-license-file-v1', owner).hex()[:32]}.json"
        self._mac_key = _digest("coditect-license-cache-v1", owner)

    def load(self) -> Kept:
        """Read what is kept; nothing when there is none or it does not hold."""
        try:
            return self._open(self.file.read_bytes())
        except FileNotFoundError:
            return Kept()
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            _log.warning("the lease cache %s is not usable: %s", self.file, type(error).__name__)
            return Kept()

    def save(self, kept: Kept) -> None:
        """Replace the file, durably; a failure is logged and nothing more.

        Of key sets the highest stays: another program of the device may have seen a newer one.
        """
        there = self.load()
        if there.keyset_version > kept.keyset_version:
            kept = replace(kept, **{name: getattr(there, name) for name in _OF_KEYS})
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self.file, self._seal(kept))
        except OSError as error:
            _log.warning("the lease cache %s cannot be written: %s", self.file, error)

    def _seal(self, kept: Kept) -> bytes:
        facts = json.dumps({"format": _FORMAT, **asdict(kept)}, sort_keys=True)
        return json.dumps({"facts": facts, "mac": self._mac(facts)}).encode()

    def _open(self, data: bytes) -> Kept:
        if len(data) > MAX_FILE_BYTES:
            raise ValueError("too large")
        sealed = json.loads(data)
        facts, mac = str(sealed["facts"]), str(sealed["mac"])
        if not hmac.compare_digest(mac.encode(), self._mac(facts).encode()):
            raise ValueError("the seal does not hold")
        return _kept(json.loads(facts))

    def _mac(self, facts: str) -> str:
        return hmac.new(self._mac_key, facts.encode(), hashlib.sha256).hexdigest()


def write_atomically(file: Path, data: bytes) -> None:
    """Replace a file by a new one of mode 0600, all or nothing, synced to disk.

    Raises OSError; then the old file is untouched and no temporary file stays.
    """
    scrap = file.with_name(f".{file.name}.{os.urandom(8).hex()}")
    try:
        with open(scrap, "xb", opener=_private) as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        scrap.replace(file)
    except OSError:
        scrap.unlink(missing_ok=True)
        raise


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, mode=0o600)


def _digest(purpose: str, text: str) -> bytes:
    return hashlib.sha256(f"{purpose}\n{text}".encode()).digest()


def _kept(facts: dict[str, Any]) -> Kept:
    if facts.pop("format") != _FORMAT:
        raise ValueError("another format")
    floor, links = facts.pop("floor"), tuple(facts.pop("links", ()))
    return Kept(floor=TimeFloor(**floor) if floor else None, links=links, **facts)
