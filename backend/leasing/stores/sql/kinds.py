"""The kinds of calls in a batch, which is decided kind by kind."""

from collections.abc import Sequence
from typing import TypeVar

from leasing.store import (
    Acquire,
    Borrow,
    Call,
    ForceRelease,
    Heartbeat,
    Inspect,
    Reinstate,
    Release,
)

_Call = TypeVar("_Call", Heartbeat, Reinstate, Release, ForceRelease, Acquire, Borrow, Inspect)


def of_kind(kind: type[_Call], calls: Sequence[Call]) -> dict[int, _Call]:
    """Return the calls of one kind by their place in the batch."""
    return {place: call for place, call in enumerate(calls) if isinstance(call, kind)}
