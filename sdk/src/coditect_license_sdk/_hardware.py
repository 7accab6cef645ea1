"""What names this device: stable across reboots, hashed before it leaves the machine.

Linux reads /etc/machine-id, Windows its MachineGuid, macOS its IOPlatformUUID. Where there is none
(many container images), a random id is kept in the cache folder: then the folder is the device. A
container that should keep its seat across restarts mounts that folder, or sets
CODITECT_LICENSE_HARDWARE_ID to something stable of its own (a StatefulSet's pod name).
"""

import contextlib
import hashlib
import logging
import os
import re
import sys
from pathlib import Path
from typing import Final

_PREFIX: Final = "coditect-license-hardware-v1\n"  # the hash is of no use to other products
_LINUX_FILES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_MACOS_COMMAND: Final = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
_MACOS_TIMEOUT_SECONDS: Final = 5
_UNSET: Final = frozenset({"", "uninitialized"})  # what systemd writes before the first boot
_log = logging.getLogger("coditect_license_sdk")


def hardware_id(cache_dir: Path) -> str:
    """Name the device in 64 hexadecimal characters.

    `cache_dir` holds the fallback id. Reads the machine, never the network; raises nothing: without
    a machine id and without a writable folder the id lasts as long as the process.
    """
    return _hashed(machine_id() or _kept_id(cache_dir / "device-id"))


def machine_id() -> str | None:
    """Read the operating system's own id of the machine, or give None."""
    if sys.platform == "win32":
        return _windows_id()
    if sys.platform == "darwin":
        return _macos_id()
    return _first_line(_LINUX_FILES)


def _hashed(raw: str) -> str:
    return hashlib.sha256((_PREFIX + raw).encode()).hexdigest()


def _first_line(files: tuple[Path, ...]) -> str | None:
    for file in files:
        try:
            text = file.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        if text not in _UNSET:
            return text
    return None


def _windows_id() -> str | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE,
            r"SOFTWARE\Microsoft\Cryptography",
            0,
            winreg.KEY_READ | winreg.KEY_WOW64_64KEY,
        ) as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    except OSError:
        return None


def _macos_id() -> str | None:
    import subprocess

    try:
        listing = subprocess.run(  # noqa: S603  a constant command with an absolute path
            _MACOS_COMMAND,
            capture_output=True,
            text=True,
            check=True,
            timeout=_MACOS_TIMEOUT_SECONDS,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'"IOPlatformUUID" = "([0-9A-Fa-f-]+)"', listing)
    return found.group(1) if found else None


def _kept_id(file: Path) -> str:
    """Read the random id, or make it; of two programs that make it at once, one wins for both."""
    fresh = os.urandom(16).hex()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(file, fresh)
        return file.read_text("ascii").strip() or fresh
    except (OSError, ValueError):
        _log.warning("no machine id and no writable cache: this device gets a new id each start")
    return fresh


def _write_once(file: Path, text: str) -> None:
    with contextlib.suppress(FileExistsError), file.open("x", encoding="ascii") as new:
        new.write(text)
