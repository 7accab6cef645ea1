"""The machine under the benchmark: what it is, what runs on it, and who uses its processors."""

import os
import platform
import sqlite3
import subprocess
import sys
import sysconfig
import time
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cryptography.hazmat.backends.openssl import backend
from msgspec import Struct

REPOSITORY: Final = Path(__file__).resolve().parents[1]
CORES: Final = os.cpu_count() or 1
_TICK_SECONDS: Final = 1 / os.sysconf("SC_CLK_TCK")
_PACKAGES: Final = (
    "uvicorn", "uvloop", "httptools", "msgspec", "cryptography", "Django", "djangorestframework",
    "psycopg",
)  # fmt: skip
_PROBE_SECONDS: Final = 0.5
_PROBE_BYTES: Final = bytes(4096)


class Machine(Struct, frozen=True):
    """What a reader needs to compare figures with those of another machine."""

    processor: str
    cores: int
    memory_mib: int
    kernel: str
    filesystem: str
    durable_writes_per_second: int


class Software(Struct, frozen=True):
    """Which code was measured. ``changed`` tells of files that differ from the commit."""

    commit: str
    changed: bool
    python: str
    python_is_optimized: bool
    sqlite: str
    openssl: str
    packages: dict[str, str]


class NotMeasurable(Exception):
    """This machine or folder cannot give an honest figure; the message says why."""


def describe_machine(directory: Path) -> Machine:
    """Return the machine, with the file system of a folder and how fast that makes data durable.

    Raises NotMeasurable without Linux's ``/proc``, or when the folder is in memory only.
    """
    if not Path("/proc/self/stat").exists():
        raise NotMeasurable("the benchmarks read processor time from Linux's /proc")
    filesystem = _filesystem(directory)
    if filesystem in {"tmpfs", "ramfs"}:
        raise NotMeasurable(f"{directory} is in memory, so nothing is durable: give --directory")
    return Machine(
        processor=_field("/proc/cpuinfo", "model name"),
        cores=CORES,
        memory_mib=int(_field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        kernel=platform.release(),
        filesystem=filesystem,
        durable_writes_per_second=_durable_writes_per_second(directory),
    )


def describe_software() -> Software:
    """Return the commit and the versions of everything that is on the measured path."""
    return Software(
        commit=_git("rev-parse", "HEAD") or "none",
        changed=bool(_git("status", "--porcelain")),
        python=sys.version,
        python_is_optimized=_is_optimized(),
        sqlite=sqlite3.sqlite_version,
        openssl=backend.openssl_version_text(),
        packages={name: version(name) for name in _PACKAGES},
    )


def _is_optimized() -> bool:
    """Tell whether this Python was built with optimizations, as scripts/dev/find-python does."""
    arguments = str(sysconfig.get_config_var("CONFIG_ARGS"))
    return sys.base_prefix == "/usr" or "--enable-optimizations" in arguments


def busy_seconds() -> float:
    """Return the processor seconds all cores have spent since the machine started.

    Time stolen by the hypervisor counts as busy: nobody here had it.
    """
    names = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    user, nice, system, _idle, _wait, irq, softirq, steal = map(int, names[:8])
    return (user + nice + system + irq + softirq + steal) * _TICK_SECONDS


def process_seconds(pid: int) -> float:
    """Return the processor seconds, user and system, of all threads of a process so far."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS


def family_seconds(pid: int) -> float:
    """Return the processor seconds of a process, of its children, and of those that ended."""
    reaped = sum(int(ticks) for ticks in _stat(pid)[13:15]) * _TICK_SECONDS
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return process_seconds(pid) + reaped + sum(_seconds_if_alive(int(one)) for one in children)


def _seconds_if_alive(pid: int) -> float:
    try:
        return process_seconds(pid)
    except OSError:  # it ended since; its parent's count has it next time
        return 0.0


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    return text.rpartition(")")[2].split()


def resident_megabytes(pid: int) -> tuple[float, float]:
    """Return a process's resident memory now and at its highest, in MB of 1,000,000 bytes."""
    now, peak = (
        int(_field(f"/proc/{pid}/status", name).split()[0]) * 1024 / 1e6
        for name in ("VmRSS", "VmHWM")
    )
    return now, peak


def _field(path: str, name: str) -> str:
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown 0"
    )


def _filesystem(directory: Path) -> str:
    """Return the type of the mount that holds a folder (proc(5), mountinfo)."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if directory.resolve().is_relative_to(fields[4]) and len(fields[4]) >= len(best):
            best, kind = fields[4], fields[fields.index("-") + 1]
    return kind


def _durable_writes_per_second(directory: Path) -> int:
    """Return how often a second 4 KiB can be appended and made durable, one after the other."""
    path = directory / "durable-writes"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    began_at, written = time.perf_counter(), 0
    while time.perf_counter() - began_at < _PROBE_SECONDS:
        os.write(descriptor, _PROBE_BYTES)
        os.fdatasync(descriptor)
        written += 1
    os.close(descriptor)
    path.unlink()
    return int(written / _PROBE_SECONDS)


def _git(*words: str) -> str:
    answer = subprocess.run(
        ["git", "-C", str(REPOSITORY), *words], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""
