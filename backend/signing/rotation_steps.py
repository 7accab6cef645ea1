"""The steps from one root to the next, and how long each waits. Pure: time is an argument.

::

    create ─ publish ─(spread)─ switch ─(outlive)─ retire ─ disable ─(regret)─ destroy ─ done

Until the switch a rotation can be aborted; after it, another rotation is the way back.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_DAY_SECONDS: Final = 86_400
CACHE_SECONDS: Final = _DAY_SECONDS
"""How long a client may go on with the key set it has: the life of a published one."""

LONGEST_TOKEN_SECONDS: Final = _DAY_SECONDS
"""Nothing signed by a root, or under its delegations, is good for longer: delegations live a day,
and the longest lease is one."""


class Step(enum.Enum):
    """What is to be done next."""

    CREATE = "create"
    PUBLISH = "publish"
    SWITCH = "switch"
    RETIRE = "retire"
    DISABLE = "disable"
    DESTROY = "destroy"


ORDER: Final = tuple(Step)

DEED: Final = {
    Step.CREATE: "make a new key",
    Step.PUBLISH: "publish it as next, and have the old key name it",
    Step.SWITCH: "let the new key sign",
    Step.RETIRE: "end the old key's signing of key sets",
    Step.DISABLE: "disable the old key",
    Step.DESTROY: "schedule the old key's destruction",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long a rotation waits, in seconds.

    ``spread``: from publishing to the switch, so that every client has heard of the new key.
    ``outlive``: from the switch to the old key's end, until nothing that it signed is in use and
    clients that know only it have come by. ``regret``: how long it stays disabled before its
    destruction is scheduled.
    """

    spread: int
    outlive: int
    regret: int

    @classmethod
    def from_days(cls, *, longest_offline: float, regret: float) -> "Periods":
        """Return the periods for clients that are offline for at most so many days."""
        offline_seconds = int(longest_offline * _DAY_SECONDS)
        return cls(
            spread=CACHE_SECONDS + offline_seconds,
            outlive=LONGEST_TOKEN_SECONDS + offline_seconds,
            regret=int(regret * _DAY_SECONDS),
        )


def wait_seconds(step: Step, periods: Periods) -> int:
    """Return how long after the step before it a step may be done."""
    waits = {
        Step.SWITCH: periods.spread,
        Step.RETIRE: periods.outlive,
        Step.DESTROY: periods.regret,
    }
    return waits.get(step, 0)


def due_at(step: Step, *, stepped_at: datetime, periods: Periods) -> datetime:
    """Return from when on a step may be done; ``stepped_at`` is when the one before it was."""
    return stepped_at + timedelta(seconds=wait_seconds(step, periods))


def after(step: Step) -> Step | None:
    """Return the step after one, None after the last."""
    following = ORDER.index(step) + 1
    return ORDER[following] if following < len(ORDER) else None


def is_switched(step: Step) -> bool:
    """Return whether, when this step is the next, the new key signs already."""
    return ORDER.index(step) > ORDER.index(Step.SWITCH)
