"""What goes wrong on purpose: for each RPC a delay, a refusal, or an answer that is tampered with.

Set in process by tests, or by a person in the file ``faults.json`` of the data folder while the
server runs (``python -m local_kms fault --help``).
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import grpc
from google_crc32c import value as crc32c

ALL_RPCS: Final = "*"

_log = logging.getLogger(__name__)


def _flip_signature(answer: Any) -> None:
    """A fault before the checksum: only verifying the signature shows it."""
    answer.signature = _flipped(answer.signature)
    answer.signature_crc32c = crc32c(answer.signature)


def _flip_signature_on_the_way(answer: Any) -> None:
    answer.signature = _flipped(answer.signature)


def _wrong_signature_checksum(answer: Any) -> None:
    answer.signature_crc32c = answer.signature_crc32c ^ 1


def _other_name(answer: Any) -> None:
    key, _, number = answer.name.rpartition("/")
    answer.name = f"{key}/{int(number) + 1}"


def _not_verified(answer: Any) -> None:
    answer.verified_digest_crc32c = False
    answer.verified_data_crc32c = False


def _flip_pem(answer: Any) -> None:
    middle = len(answer.pem) // 2
    other = "A" if answer.pem[middle] != "A" else "B"
    answer.pem = f"{answer.pem[:middle]}{other}{answer.pem[middle + 1 :]}"


def _flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


TAMPERINGS: Final[Mapping[str, Callable[[Any], None]]] = MappingProxyType(
    {
        "signature": _flip_signature,
        "signature_on_the_way": _flip_signature_on_the_way,
        "signature_crc32c": _wrong_signature_checksum,
        "name": _other_name,
        "verified": _not_verified,
        "pem": _flip_pem,
    }
)
"""What can be done to an answer. The first five fit AsymmetricSign, the last GetPublicKey."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to calls of one RPC.

    First ``delay_seconds`` pass (or the caller gives up), then the call is refused with the status
    ``code`` (a name such as UNAVAILABLE), or answered and the answer tampered with. ``after``
    refuses a call that has been carried out: its answer is lost. ``every`` hits each n-th call
    alone; ``times`` ends the fault after so many hits.
    """

    delay_seconds: float = 0
    code: str | None = None
    message: str = "The fault plan says so."
    tamper: str | None = None
    after: bool = False
    every: int = 1
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would silently do nothing."""
        if self.code is not None and self.code not in grpc.StatusCode.__members__:
            raise ValueError(f"{self.code} is no status code of gRPC")
        if self.tamper is not None and self.tamper not in TAMPERINGS:
            raise ValueError(f"tamper with one of: {', '.join(TAMPERINGS)}")
        if not (self.every >= 1 and self.delay_seconds >= 0):
            raise ValueError("every must be at least 1, and delay_seconds not negative")

    @property
    def status(self) -> grpc.StatusCode | None:
        """The status that calls are refused with, if they are."""
        return grpc.StatusCode[self.code] if self.code else None


class FaultPlan:
    """The faults in force, by RPC; ``*`` is for every RPC without one of its own.

    When ``file`` changes, what it says replaces what was in force; a file that cannot be read is
    logged and changes nothing. Safe for threads.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._calls: dict[str, int] = {}
        self._hits: dict[str, int] = {}
        self._read_as: tuple[int, int] | None = None

    def set(self, rpc: str, fault: Fault) -> None:
        """Put a fault in force for an RPC such as ``AsymmetricSign``, in place of its last."""
        with self._lock:
            self._put(rpc, fault)

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._faults.clear()

    def next(self, rpc: str) -> Fault | None:
        """Return what shall happen to the call that comes now."""
        with self._lock:
            self._follow_file()
            name = rpc if rpc in self._faults else ALL_RPCS
            fault = self._faults.get(name)
            return fault if fault and self._hit(name, fault) else None

    def _hit(self, name: str, fault: Fault) -> bool:
        self._calls[name] += 1
        spent = fault.times is not None and self._hits[name] >= fault.times
        if spent or self._calls[name] % fault.every:
            return False
        self._hits[name] += 1
        return True

    def _put(self, rpc: str, fault: Fault) -> None:
        self._faults[rpc] = fault
        self._calls[rpc] = self._hits[rpc] = 0

    def _follow_file(self) -> None:
        state = _state_of(self._file)
        if state == self._read_as:
            return
        self._read_as = state
        try:
            asked = read_faults(self._file)
        except ValueError as mistake:
            _log.error("the fault plan stays as it was: %s", mistake)
            return
        self._faults.clear()
        for rpc, fault in asked.items():
            self._put(rpc, fault)


def read_faults(file: Path) -> dict[str, Fault]:
    """Return what a file asks for; nothing when there is none. Raises ValueError."""
    if not file.exists():
        return {}
    try:
        return {rpc: Fault(**fault) for rpc, fault in json.loads(file.read_bytes()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: {error}") from error


def written(faults: Mapping[str, Fault]) -> bytes:
    """Return faults as the file says them."""
    return json.dumps({rpc: asdict(fault) for rpc, fault in faults.items()}, indent=2).encode()


def _state_of(file: Path) -> tuple[int, int] | None:
    """Return what differs when the file was written in between; None when there is none."""
    try:
        known = file.stat()
    except FileNotFoundError:
        return None
    return known.st_mtime_ns, known.st_ino
