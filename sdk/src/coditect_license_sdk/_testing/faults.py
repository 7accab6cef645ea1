"""What a test can make go wrong, one request at a time."""

import enum
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from coditect_license_sdk._wire import Deed


class Forgery(enum.Enum):
    """An answer that a client must not believe.

    SIGNATURE: one bit of the token's signature is wrong. NONCE: the token repeats another nonce.
    DEVICE: it is for another device. STALE: an earlier answer, replayed. SESSION: the body names
    another session than the token. BODY: no JSON.
    """

    SIGNATURE = "signature"
    NONCE = "nonce"
    DEVICE = "device"
    STALE = "stale"
    SESSION = "session"
    BODY = "body"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next requests of a kind (`deed` None: of any kind).

    `status` and `code` answer with a problem; `drop` hangs up; `gate` holds the request until it is
    set; `forgery` spoils an answer.
    """

    deed: Deed | None = None
    times: int = 1
    status: int | None = None
    code: str = ""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None
    drop: bool = False
    gate: threading.Event | None = None
    forgery: Forgery | None = None


@dataclass(slots=True)
class Script:
    """The faults still to come, in order."""

    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Plan a fault."""
        with self._lock:
            self.faults.append(fault)

    def take(self, deed: Deed) -> Fault:
        """Use up the first fault for this kind of request, or give a blank."""
        with self._lock:
            for fault in self.faults:
                if fault.deed in {None, deed}:
                    return self._use(fault)
        return Fault()

    def _use(self, fault: Fault) -> Fault:
        fault.times -= 1
        if fault.times <= 0:
            self.faults.remove(fault)
        return fault
