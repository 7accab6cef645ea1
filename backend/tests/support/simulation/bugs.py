"""Bugs for the simulation to catch: engines and stores with one mistake each.

Those of ``tests/support/planted_bugs.py`` are stores that a drill catches without an engine. The
ones here need an engine, a crash within a commit, or a clock that jumps.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from foundation.clock import Clock
from leasing.engine import Engine
from leasing.errors import LeaseLost, SeatsExhausted, StoreUnavailable
from leasing.store import Heartbeat, Lease, Outcome, Store
from leasing.stores.sqlite import SqliteStore
from tests.support.planted_bugs import PLANTED, opening
from tests.support.world import Address, OpenStore, open_sqlite


@dataclass(frozen=True)
class Bug:
    """What runs in the place of store and engine, and the promise that is found broken.

    The search for it begins at ``seed`` and takes so many ``operations`` a seed.
    """

    caught_by: str
    seed: int = 0
    operations: int = 4_000
    open_store: OpenStore = open_sqlite
    engine: type[Engine] = Engine


class AnswersFromMemory(Engine):
    """Tells those whose heartbeat could not be committed what was true before."""

    def _outcomes(self, batch: list[Any]) -> list[Outcome]:
        known = self.__dict__.setdefault("known", {})
        try:
            outcomes = super()._outcomes(batch)
        except StoreUnavailable as error:
            calls = [call for call, _ in batch]
            return [
                known.get(call.session_id, error) if isinstance(call, Heartbeat) else error
                for call in calls
            ]
        known |= {one.session_id: one for one in outcomes if isinstance(one, Lease)}
        return outcomes


class SkipsWhoGaveUp(Engine):
    """Matches outcomes with those who still wait, and not with those who were in the batch."""

    def _deliver(self, batch: list[Any], outcomes: list[Outcome]) -> None:
        waiting = [(call, future) for call, future in batch if not future.done()]
        super()._deliver(waiting, outcomes[: len(waiting)])


class SwapsReplies(Engine):
    """Gives the reply of one call to another, when a batch is large."""

    def _outcomes(self, batch: list[Any]) -> list[Outcome]:
        outcomes = super()._outcomes(batch)
        return outcomes[::-1] if len(outcomes) > 20 else outcomes


class AnswersBeforeTheCommit(Engine):
    """Answers heartbeats at once, as they will most likely be answered."""

    def _commit(self, batch: list[Any]) -> None:
        known = self.__dict__.setdefault("known", {})
        beats = [one for one in batch if isinstance(one[0], Heartbeat)]
        early = [one for one in beats if one[0].session_id in known]
        likely = [known[call.session_id] for call, _ in early]
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._deliver, early, likely)
        super()._commit(batch)

    def _deliver(self, batch: list[Any], outcomes: list[Outcome]) -> None:
        known = self.__dict__.setdefault("known", {})
        known |= {one.session_id: one for one in outcomes if isinstance(one, Lease)}
        super()._deliver(batch, outcomes)


class ForgetsWhoWaits(Engine):
    """Answers nobody when a batch fails."""

    def _outcomes(self, batch: list[Any]) -> list[Outcome]:
        try:
            return super()._outcomes(batch)
        except StoreUnavailable:
            batch.clear()
            return []


class TakesSilenceForLoss(Engine):
    """Tells those who wait for a ledger in trouble that their lease is lost."""

    def _outcomes(self, batch: list[Any]) -> list[Outcome]:
        try:
            return super()._outcomes(batch)
        except StoreUnavailable as error:
            lost = LeaseLost("expired")
            return [lost if isinstance(call, Heartbeat) else error for call, _ in batch]


class DeniesWhenInTrouble(Engine):
    """Says that all seats are in use when it cannot know."""

    def _outcomes(self, batch: list[Any]) -> list[Outcome]:
        try:
            return super()._outcomes(batch)
        except StoreUnavailable:
            denied = SeatsExhausted(total=1, in_use=1, retry_after_seconds=1)
            return [denied] * len(batch)


def on_its_own_clock(database: Address, clock: Clock) -> Store:
    """Open a store that reads the clock of its process's machine, which is seconds off."""
    skew = timedelta(seconds=7)
    return SqliteStore(Path(database), clock=lambda: clock() - skew)


class KeepsItsMindAfterAFailure(SqliteStore):
    """Goes on believing what a batch decided that was rolled back."""

    def _roll_back(self) -> None:
        remembered = dict(self._occupancies)
        super()._roll_back()
        self._occupancies |= remembered


NO_BUG: Final = Bug("")

_HERE: Final = {
    "answers before the commit": Bug("S14", engine=AnswersBeforeTheCommit),
    "answers from memory when a commit fails": Bug("S14", engine=AnswersFromMemory),
    "skips who gave up when it gives out replies": Bug("S14", engine=SkipsWhoGaveUp),
    "gives the reply of one call to another": Bug("S14", engine=SwapsReplies),
    "answers nobody when a batch fails": Bug("answer", engine=ForgetsWhoWaits),
    "takes a ledger in trouble for a lost lease": Bug("S14", engine=TakesSilenceForLoss),
    "denies when it cannot know": Bug("S14", engine=DeniesWhenInTrouble),
    "reads the clock of its own machine": Bug("S13", open_store=on_its_own_clock),
    "keeps its mind after a failure": Bug("model", open_store=opening(KeepsItsMindAfterAFailure)),
}

_STORES: Final = {
    "counts and then inserts": "model",
    "steals lapsed seats early": "model",
    "shortens leases when it renews": "S14",
    "reclaims after its own downtime": "S9",
    "denies while a seat is free": "model",
    "leaves lapsed seats to the reaper": "model",
    "takes a second seat on reconnect": "S4",
    "lets anybody release": "S11",
    "frees the seat with one of two instances": "S14",
    "starts each holder with generation one": "S6",
    "keeps no record of some ends": "S15",
}
"""Which promise each store of the drill breaks here. The one that leaves its transactions open is
left out: nobody else could write, and that is not what it is about.
"""

BUGS: Final = {
    **{name: Bug(promise, open_store=PLANTED[name][0]) for name, promise in _STORES.items()},
    **_HERE,
}
"""Each bug by name."""
