"""What goes on for the whole installation and answers nobody: sealing, and counting the ledger."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings

from audit.sealer import SealerThread
from audit.stream import AuditStream
from coditect_license.gauges import gauge_sealing
from coditect_license.notary import notary_from_settings
from foundation.clock import utc_now
from foundation.logs import JsonLines


class BackgroundWork:
    """The sealer's thread and the one that counts; of several processes one at a time works.

    ``before`` is called before each round of the sealer's, ``aside`` wraps what it writes. Raises
    UnsafeKey where this process has no key for the audit's checkpoints.
    """

    def __init__(
        self,
        log: JsonLines,
        *,
        before: Callable[[], None] = lambda: None,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._sealer = SealerThread(
            notary_from_settings(),
            clock=utc_now,
            before=before,
            aside=aside,
            stream=AuditStream(log.write) if settings.LICENSE_AUDIT_STREAM else None,
        )
        self._figures = gauge_sealing(self._sealer, clock=utc_now)

    def start(self) -> None:
        """Begin."""
        self._sealer.start()
        if self._figures is not None:
            self._figures.start()

    def stop(self) -> None:
        """End after what is under way, and let another process go on; blocks until then."""
        if self._figures is not None:
            self._figures.stop()
        self._sealer.stop()
