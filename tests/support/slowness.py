"""Whether two kinds of requests can be told apart by how long they take.

The Mann-Whitney U test asks whether a time of one kind tends to be longer than one of the other; it
supposes no distribution, and a few very slow requests on a busy machine do not sway it (Mann and
Whitney 1947, with the correction of the variance for ties).
"""

import random
from collections.abc import Callable, Sequence
from math import erfc, sqrt
from time import perf_counter
from typing import Final

ROUNDS: Final = ((30, 0.05), (120, 0.01), (240, 0.001))
"""How many requests of each kind are timed, and below which likelihood (alpha) they are suspected:
each suspicion is looked into anew, with more of them and more strictly."""

Ask = Callable[[], object]


def are_told_apart(one: Ask, other: Ask, *, rounds: Sequence[tuple[int, float]] = ROUNDS) -> bool:
    """Return whether the times differ, each time anew and with more requests.

    For requests that cannot be told apart that is so once in two million (the product of alphas).
    """
    return all(difference(*times(one, other, most)) < alpha for most, alpha in rounds)


def times(one: Ask, other: Ask, most: int) -> tuple[list[float], list[float]]:
    """Return the seconds that requests of two kinds take, each pair in an order by chance."""
    found: dict[Ask, list[float]] = {one: [], other: []}
    for _ in range(most):
        for ask in random.sample((one, other), 2):
            began_at = perf_counter()
            ask()
            found[ask].append(perf_counter() - began_at)
    return found[one], found[other]


def difference(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how likely times that are of one kind differ so much or more (two-sided)."""
    both = sorted([*one, *other])
    ranks = _ranks(both)
    u = sum(ranks[value] for value in one) - len(one) * (len(one) + 1) / 2
    n = len(both)
    ties = sum(count**3 - count for count in _counts(both).values())
    spread = len(one) * len(other) / 12 * ((n + 1) - ties / (n * (n - 1)))
    distance = abs(u - len(one) * len(other) / 2)
    return erfc(distance / sqrt(2 * spread)) if spread else 1.0


def _ranks(both: list[float]) -> dict[float, float]:
    """Return the rank of each value; equal ones share the middle of theirs."""
    ranks: dict[float, float] = {}
    place = 0
    for value, count in _counts(both).items():
        ranks[value] = place + (count + 1) / 2
        place += count
    return ranks


def _counts(both: list[float]) -> dict[float, int]:
    counts: dict[float, int] = {}
    for value in both:
        counts[value] = counts.get(value, 0) + 1
    return counts
