"""Plain numbers for what is counted too often to pay for a lock; read when somebody scrapes.

One thread adds to each of them; any thread may read. A read never sees half of what was added to a
count, but may see a sum without the last value's bucket.
"""

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from msgspec import Struct

_Thing = TypeVar("_Thing")


class Tally:
    """How often something happened, by the values of its labels.

    Who counts keeps them few: nothing here bounds them.
    """

    def __init__(self, known: Iterable[tuple[object, ...]] = ()) -> None:
        self._counts: dict[tuple[object, ...], int] = dict.fromkeys(known, 0)

    def add(self, *labels: object) -> None:
        """Count one more; the labels in the order of their names, written as text in a scrape."""
        counts = self._counts
        counts[labels] = counts.get(labels, 0) + 1

    def read(self) -> dict[tuple[object, ...], int]:
        """Return the counts so far."""
        return self._counts.copy()


class Spread(Struct, frozen=True):
    """How values were spread: for each bound how many were at most it, and last of all how many."""

    up_to: tuple[int, ...]
    total: float


class Buckets:
    """Values, sorted into buckets that end at ``bounds``, in ascending order, and one beyond."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._total = 0.0

    def add(self, value: float) -> None:
        """Record one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def read(self) -> Spread:
        """Return what was recorded so far."""
        so_far, up_to = 0, []
        for count in self._counts.copy():
            so_far += count
            up_to.append(so_far)
        return Spread(tuple(up_to), self._total)


class BucketsByLabels:
    """Buckets for each combination of labels, made when it is first met."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._all: dict[tuple[str, ...], Buckets] = {}

    def of(self, *labels: str) -> Buckets:
        """Return where values under these labels are recorded."""
        return self._all.get(labels) or self._all.setdefault(labels, Buckets(self._bounds))

    def read(self) -> dict[tuple[str, ...], Spread]:
        """Return what was recorded so far."""
        return {labels: buckets.read() for labels, buckets in self._all.copy().items()}


class OpenThings:
    """Things that are open or closed, counted as long as they live. For any thread."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._noted: WeakKeyDictionary[Any, Callable[[Any], bool]] = WeakKeyDictionary()

    def note(self, thing: _Thing, is_open: Callable[[_Thing], bool]) -> None:
        """Count a thing from now on, whenever ``is_open`` says so of it. Keeps nothing alive."""
        with self._lock:
            self._noted[thing] = is_open

    def count(self) -> int:
        """Return how many are open."""
        with self._lock:
            noted = list(self._noted.items())
        return sum(is_open(thing) for thing, is_open in noted)
