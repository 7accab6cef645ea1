"""The sealer: goes from tenant to tenant, seals what is new, and has checkpoints signed."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import DatabaseError, connections, transaction
from django.db.models import Q

from audit.book import BEGINNING, FIRST_ID, Place
from audit.checkpoints import Notary
from audit.models import AuditHead, SealerTurn
from audit.operations import record_counts
from audit.rules import checkpoint_is_due, counts_end, is_due, rest_seconds
from audit.sealing import head, keep_checkpoint, seal_page
from audit.stream import AuditStream
from foundation.clock import Clock, monotonic_seconds
from foundation.ids import new_id
from tenants.current import tenant_transaction
from tenants.models import Tenant

_log = logging.getLogger(__name__)

OVERLAP: Final = timedelta(seconds=2)
"""How far back a round looks before the one before it began: for transactions that were open."""

LOOK_BACK: Final = timedelta(seconds=60)
LOOK_BACK_EVERY: Final = timedelta(seconds=60)
"""Once in a while it looks back further: for transactions that took long, and nodes whose clock is
behind. What is older still is found by the next sweep."""

SWEEP_EVERY: Final = timedelta(hours=1)
"""A sweep looks at every event there is; so does the first round of a process."""

SIGN_AGAIN_AFTER: Final = timedelta(seconds=60)
"""How long a notary that failed is left alone."""

TURN: Final = timedelta(seconds=30)
SHORTEST_PAUSE_SECONDS: Final = 1.0

_THE_ROW: Final = 1


@dataclass(slots=True)
class Round:
    """What one round did. ``unsigned`` are checkpoints that were due and could not be signed."""

    sealed: int = 0
    checkpoints: int = 0
    unsigned: int = 0
    counts: int = 0


class Sealer:
    """Seals every tenant's events. One at a time works; others may try at no harm.

    ``notary`` signs checkpoints. ``stream`` follows the chains. ``rest`` is called after each page
    with the seconds that it took and how old the oldest event in it was, and may wait. Rounds
    remember where they were in this object alone: a new one begins with a sweep.
    """

    def __init__(
        self,
        notary: Notary,
        *,
        clock: Clock,
        rest: Callable[[float, timedelta], object] | None = None,
        stream: AuditStream | None = None,
    ) -> None:
        self._notary = notary
        self._stream = stream
        self._clock = clock
        self._rest = rest or (lambda _seconds, _behind: None)
        self._holder = new_id()
        self._began: datetime | None = None
        self._looked_back: datetime | None = None
        self._swept: datetime | None = None
        self._counted: dict[UUID, datetime] = {}
        self._failed_at: datetime | None = None
        self._ending = threading.Event()

    @property
    def sealed_until(self) -> datetime | None:
        """When the last round began that came to its end: what happened before is sealed."""
        return self._began

    def end(self) -> None:
        """Let a round that is under way end at its next page. For any thread."""
        self._ending.set()

    def take_turn(self) -> bool:
        """Return whether this process seals now: it did before, or nobody has lately."""
        now = self._clock()
        row = SealerTurn.objects.filter(id=_THE_ROW).first()
        if row is not None and row.holder == self._holder and TURN / 2 < row.until - now <= TURN:
            return True
        with transaction.atomic():
            return self._begin_turn(now)

    def _begin_turn(self, now: datetime) -> bool:
        mine = Q(holder=self._holder) | Q(until__lt=now) | Q(until__gt=now + TURN * 2)
        taken = SealerTurn.objects.filter(mine, id=_THE_ROW)
        if taken.update(holder=self._holder, until=now + TURN):
            return True
        first = SealerTurn(id=_THE_ROW, holder=self._holder, until=now + TURN)
        SealerTurn.objects.bulk_create([first], ignore_conflicts=True)
        return SealerTurn.objects.filter(id=_THE_ROW, holder=self._holder).exists()

    def lay_down(self) -> None:
        """Let another process seal at once."""
        with transaction.atomic():
            mine = SealerTurn.objects.filter(id=_THE_ROW, holder=self._holder)
            mine.update(until=self._clock())

    def round(self) -> Round:
        """Seal what is new of every tenant; blocks. Raises DatabaseError, and nothing is lost.

        A notary that fails is asked again in a later round; what happened is sealed all the same.
        """
        done, began = Round(), self._clock()
        start = self._start(began)
        for tenant_id in list(Tenant.objects.order_by("id").values_list("id", flat=True)):
            self._tenant(tenant_id, start, done)
        if not self._ending.is_set():
            self._note(start, began)
        return done

    def _start(self, now: datetime) -> Place:
        """Return where a round begins in each tenant's events."""
        began, looked_back = self._began, self._looked_back
        if began is None or looked_back is None or is_due(self._swept, SWEEP_EVERY, now):
            return BEGINNING
        if is_due(looked_back, LOOK_BACK_EVERY, now):
            return looked_back - LOOK_BACK, FIRST_ID
        return began - OVERLAP, FIRST_ID

    def _note(self, start: Place, began: datetime) -> None:
        """Remember how far back a round that came to its end has looked."""
        if start == BEGINNING:
            self._swept = began
        if self._looked_back is None or start[0] <= self._looked_back - LOOK_BACK:
            self._looked_back = began
        self._began = began

    def _tenant(self, tenant_id: UUID, start: Place, done: Round) -> None:
        if not self._ending.is_set():
            done.counts += self._record_counts(tenant_id)
        place: Place | None = start
        while place is not None and not self._ending.is_set():
            place = self._page(tenant_id, place, done)

    def _page(self, tenant_id: UUID, place: Place, done: Round) -> Place | None:
        began = monotonic_seconds()
        with tenant_transaction(tenant_id):
            page, chain = seal_page(place), head()
        if chain is not None and self._stream is not None:
            self._stream.follow(chain)  # before a key that may be far away
        if chain is not None:
            self._sign_if_due(chain, done)
        done.sealed += page.sealed
        behind = self._clock() - page.oldest if page.oldest else timedelta()
        self._rest(monotonic_seconds() - began, behind)
        return page.next

    def _record_counts(self, tenant_id: UUID) -> int:
        now = self._clock()
        if self._counted.get(tenant_id) == counts_end(now):
            return 0
        with tenant_transaction(tenant_id):
            recorded = record_counts(now=now)
        self._counted[tenant_id] = counts_end(now)
        return recorded

    def _sign_if_due(self, chain: AuditHead, done: Round) -> None:
        """Sign outside of any transaction: the key may be far away."""
        now = self._clock()
        if not checkpoint_is_due(
            size=chain.size,
            signed_size=chain.checkpoint_size,
            signed_at=chain.checkpoint_at,
            now=now,
        ):
            return
        note = self._signed(chain, now)
        if note is None:
            done.unsigned += 1
            return
        with tenant_transaction(chain.tenant_id):
            keep_checkpoint(size=chain.size, note=note, now=now)
        done.checkpoints += 1

    def _signed(self, chain: AuditHead, now: datetime) -> str | None:
        """Return the note of a chain's state, or None while the notary fails."""
        failed_at = self._failed_at
        if failed_at is not None and not is_due(failed_at, SIGN_AGAIN_AFTER, now):
            return None
        try:
            note = self._notary.sign(chain.tenant_id, size=chain.size, hash_hex=chain.hash)
        except Exception as failure:  # noqa: BLE001  any signer's: this room knows none of them
            if failed_at is None:
                _log.error("checkpoints are signed later", exc_info=failure)
            self._failed_at = now
            return None
        if failed_at is not None:
            _log.info("checkpoints are signed again")
        self._failed_at = None
        return note


class SealerThread:
    """Seals in the background of a server, from :meth:`start` to :meth:`stop`.

    ``before`` is called before each round, whether or not it is this process's turn. ``aside``
    wraps whatever is written.
    """

    def __init__(
        self,
        notary: Notary,
        *,
        clock: Clock,
        before: Callable[[], None],
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
        stream: AuditStream | None = None,
    ) -> None:
        self._sealer = Sealer(notary, clock=clock, rest=self._rest, stream=stream)
        self._before = before
        self._aside = aside
        self._clock = clock
        self._turn_since: datetime | None = None
        self._ending = threading.Event()
        self._failed: type[Exception] | None = None
        self._thread = threading.Thread(target=self._run, name="audit-sealer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def has_turn(self) -> bool:
        """Whether this process seals, as far as it could last find out. For any thread."""
        return self._turn_since is not None

    @property
    def sealed_until(self) -> datetime | None:
        """Since when events may be unsealed, or None where another process seals.

        Before the first round came to its end: since this process seals.
        """
        since = self._turn_since
        return None if since is None else max(since, self._sealer.sealed_until or since)

    def stop(self) -> None:
        """End after the page under way; blocks until then."""
        self._ending.set()
        self._sealer.end()
        self._thread.join()

    def _rest(self, spent_seconds: float, behind: timedelta) -> None:
        self._ending.wait(rest_seconds(spent_seconds=spent_seconds, behind=behind))

    def _run(self) -> None:
        while not self._ending.is_set():
            self._guarded(self._round)
            self._ending.wait(SHORTEST_PAUSE_SECONDS)
        self._guarded(self._last)

    def _round(self) -> None:
        self._before()
        if not self._sealer.take_turn():
            self._turn_since = None
            return
        self._turn_since = self._turn_since or self._clock()
        self._sealer.round()

    def _last(self) -> None:
        self._before()
        self._sealer.lay_down()

    def _guarded(self, deed: Callable[[], None]) -> None:
        try:
            with self._aside():
                deed()
            self._failed = None
        except Exception as failure:  # noqa: BLE001  a thread that ended would never seal again
            self._complain(failure)
        finally:
            connections.close_all()

    def _complain(self, failure: Exception) -> None:
        """Say once what keeps a round from its end, until one comes to it."""
        if type(failure) is self._failed:
            return
        self._failed = type(failure)
        if isinstance(failure, DatabaseError):
            _log.error("the audit is sealed later: %s", failure)
        else:
            _log.critical("the audit is sealed later", exc_info=failure)
