"""``python -m benchmarks.capacity.driver``: one process that drives a store, as an engine would.

A job comes as a line of JSON; ``ready`` is answered once the store is warm. Then an empty line
begins the window, and its outcome is one more line. Batches go to the store one after the other,
without HTTP and without an event loop: what is measured is the store and the database.
"""

import gc
import secrets
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.capacity.fleet import INSTANCE, has_instance, session_of
from leasing.rules import UNNAMED
from leasing.store import Acquire, Call, Caller, Heartbeat, Lease
from leasing.stores.postgres import PostgresStore

_WARM_UP_BATCHES: Final = 5
_BATCHES_MADE_AHEAD: Final = 400
_MOST_FAULTS: Final = 5


class Beats(Struct, frozen=True, tag=True):
    """Heartbeats of loaded leases in random order; process ``number`` of ``processes`` has the
    leases of its own remainder, as no lease beats in two places at once.
    """

    leases: int
    number: int
    processes: int
    wants_token: bool = False
    of_instances: bool = False

    def batches(self, caller: Caller, size: int) -> Iterator[list[Call]]:
        """Yield batches for ever.

        The calls are made ahead of the window, as many for few leases as for many: what was made
        long ago lies in no processor cache, and would be taken for growth.
        """
        numbers = cycle(self._numbers())
        made: list[list[Call]] = [
            [self._beat(caller, session_of(number)) for number in islice(numbers, size)]
            for _ in range(_BATCHES_MADE_AHEAD)
        ]
        return cycle(made)

    def _numbers(self) -> list[int]:
        mine = [
            number
            for number in range(self.leases)
            if number // 10 % self.processes == self.number
            and has_instance(number) == self.of_instances
        ]
        Random(self.number).shuffle(mine)
        return mine

    def _beat(self, caller: Caller, session: str) -> Heartbeat:
        instance = INSTANCE if self.of_instances else UNNAMED
        return Heartbeat(caller, session, instance, self.wants_token)


class Grants(Struct, frozen=True, tag=True):
    """Acquires for devices nobody had before, of one license after the other; ``most`` in all."""

    keys: list[list[str]]
    most: int

    def batches(self, caller: Caller, size: int) -> Iterator[list[Call]]:
        """Yield whole batches."""
        keys, fleet = cycle(self.keys), secrets.token_hex(4)
        for first in range(0, self.most - size + 1, size):
            yield [
                Acquire(caller, tuple(next(keys)), f"{fleet}-{number}")
                for number in range(first, first + size)
            ]


class Job(Struct, frozen=True):
    """What to do, on which database, in batches of how many calls, for how long."""

    database_url: str
    tenant_id: str
    work: Beats | Grants
    batch: int
    seconds: float


class Driven(Struct, frozen=True):
    """What one process did in its window. ``waits_ms`` are the batches' times, in order."""

    calls: int
    seconds: float
    processor_seconds: float
    waits_ms: list[float]
    faults: list[str]


def drive(store: PostgresStore, batches: Iterator[list[Call]], seconds: float) -> Driven:
    """Apply batches for so many seconds, or all there are; each outcome must be a lease."""
    waits: list[float] = []
    faults: list[str] = []
    calls, began_at, processor = 0, time.perf_counter(), time.process_time()
    now = began_at
    for batch in batches:
        asked_at = time.perf_counter()
        outcomes = store.apply(batch)
        now = time.perf_counter()
        waits.append(round(1000 * (now - asked_at), 3))
        calls += len(batch)
        faults += [repr(outcome) for outcome in outcomes if not isinstance(outcome, Lease)]
        if now - began_at >= seconds:
            break
    processor = time.process_time() - processor
    return Driven(calls, now - began_at, processor, waits, faults[:_MOST_FAULTS])


def main() -> None:
    """Do the job on standard input."""
    job = msgspec.json.decode(sys.stdin.readline(), type=Job)
    batches = job.work.batches(Caller("user:benchmark", job.tenant_id), job.batch)
    store = PostgresStore(job.database_url, prepares=True)
    for batch in islice(batches, _WARM_UP_BATCHES):
        store.apply(batch)
    gc.freeze()
    print("ready", flush=True)
    sys.stdin.readline()
    print(msgspec.json.encode(drive(store, batches, job.seconds)).decode(), flush=True)
    store.close()


if __name__ == "__main__":
    main()
