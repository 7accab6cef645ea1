"""Counts signatures while they are made, and writes the counts down between.

A document is signed after the transaction that granted its lease, and on the event loop: a count in
memory is all that may be done there. Whoever kills the process takes the counts of the last seconds
along (docs/audit.md).
"""

import logging
import threading
from collections import Counter
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connections

from audit.operations import Signed, count_signatures
from foundation.clock import Clock
from tenants.current import tenant_transaction

_log = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 1.0


class SignatureTally:
    """The signatures of this process that are not written down yet. Safe for threads."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Signed]] = Counter()

    def count(self, tenant_id: str, signed: Signed) -> None:
        """Count one signature. Under a microsecond; never waits for anything that is slow."""
        with self._lock:
            self._counts[tenant_id, signed] += 1

    def write_down(self) -> None:
        """Add what was counted to the database; blocks. What cannot be written stays counted."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        by_tenant: dict[str, Counter[Signed]] = {}
        for (tenant_id, signed), count in counts.items():
            by_tenant.setdefault(tenant_id, Counter())[signed] += count
        for tenant_id, of_tenant in sorted(by_tenant.items()):
            self._write(tenant_id, of_tenant)

    def _write(self, tenant_id: str, counts: Counter[Signed]) -> None:
        try:
            with tenant_transaction(UUID(tenant_id)):
                count_signatures(counts, now=self._clock())
        except DatabaseError as failure:
            _log.error("signatures of %s are not written down yet: %s", tenant_id, failure)
            with self._lock:
                self._counts.update({(tenant_id, signed): n for signed, n in counts.items()})


class TallyThread:
    """Writes a tally down once a second, from :meth:`start` to :meth:`stop`.

    For a process that does not seal: where one does, its sealer's thread does this too.
    """

    def __init__(self, tally: SignatureTally) -> None:
        self._tally = tally
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signature-tally", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Write down what was counted last, and end; blocks until then."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(_PAUSE_SECONDS):
            self._write_down()
        self._write_down()

    def _write_down(self) -> None:
        try:
            self._tally.write_down()
        except Exception:  # noqa: BLE001  a thread that ended would never write again
            _log.critical("signatures are written down later", exc_info=True)
        finally:
            connections.close_all()
