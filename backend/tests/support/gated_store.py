"""A store without a ledger, whose batches wait at a gate in the hands of a test."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from leasing.errors import SessionUnknown
from leasing.rules import Terms
from leasing.store import (
    Acquire,
    Call,
    Inspect,
    Lease,
    Outcome,
    Reinstate,
    Release,
    Released,
    SessionState,
)
from licenses.rules import LicenseStatus
from tests.support.clock import START

PATIENCE_SECONDS: Final = 10
_TERMS: Final = Terms(
    tenant_id="t",
    license_id="l",
    audience="studio",
    tier="pro",
    entitlements=(),
    seats=1,
    overdraft_seats=0,
    status=LicenseStatus.ACTIVE,
    expires_at=START + timedelta(days=1),
    ttl_seconds=360,
    heartbeat_interval_seconds=120,
    key_auth=False,
)


class GatedStore:
    """Answers every call with good news, but only while its gate is open.

    A session called "unknown" is not known. ``fail_once_with`` spoils one batch.
    """

    def __init__(self, *, is_open: bool = True) -> None:
        self.batch_sizes: list[int] = []
        self.batches: list[list[Call]] = []
        self.ticks = 0
        self.is_closed = False
        self.is_forgetful = False
        self.fail_once_with: Exception | None = None
        self.fail_tick_once_with: Exception | None = None
        self._gate = threading.Event()
        self._began = threading.Semaphore(0)
        self._ended = threading.Semaphore(0)
        self._reaped = threading.Event()
        if is_open:
            self._gate.set()

    def open_gate(self) -> None:
        self._gate.set()

    def batch_began(self) -> bool:
        """Wait until a batch that nobody waited for stands at the gate."""
        return self._began.acquire(timeout=PATIENCE_SECONDS)

    def batch_ended(self) -> bool:
        """Wait until a batch that nobody waited for has gone through."""
        return self._ended.acquire(timeout=PATIENCE_SECONDS)

    def was_reaped(self) -> bool:
        """Wait until lapsed sessions were looked for."""
        return self._reaped.wait(PATIENCE_SECONDS)

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        self.batch_sizes.append(len(calls))
        self.batches.append(list(calls))
        self._began.release()
        assert self._gate.wait(PATIENCE_SECONDS)
        self._ended.release()
        failure, self.fail_once_with = self.fail_once_with, None
        if failure is not None:
            raise failure
        return [] if self.is_forgetful else [_answer(call) for call in calls]

    def tick(self) -> None:
        self.ticks += 1
        failure, self.fail_tick_once_with = self.fail_tick_once_with, None
        if failure is not None:
            raise failure

    def reap(self, most: int) -> int:
        self._reaped.set()
        return min(most, 0)

    def close(self) -> None:
        self.is_closed = True


def _answer(call: Call) -> Outcome:
    if isinstance(call, Acquire):
        return _lease(call.hardware_id)
    if isinstance(call, Reinstate):
        return _lease(call.heartbeat.session_id)
    if call.session_id == "unknown":
        return SessionUnknown("no such session")
    if isinstance(call, Release):
        return Released()
    return _state(call.session_id) if isinstance(call, Inspect) else _lease(call.session_id)


def _lease(session_id: str) -> Lease:
    return Lease(
        terms=_TERMS,
        session_id=session_id,
        device="d",
        gen=1,
        lease_expires_at=START + timedelta(seconds=360),
        now=START,
    )


def _state(session_id: str) -> SessionState:
    return SessionState(
        session_id=session_id,
        license_id="l",
        tier="pro",
        started_at=START,
        lease_expires_at=START,
        ended_at=None,
        end_reason=None,
        instances=(),
    )
