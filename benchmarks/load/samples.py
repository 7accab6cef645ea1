"""What a scenario leaves behind: every call with its time, and the history its devices saw."""

import os
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from tests.support.history_events import Event

JOB: Final = "LICENSE_LOAD_JOB"
"""The environment's variable that names the file of a scenario's job."""


UNANSWERED: Final = -1
"""The status of a call that the scenario's end cut off; it counts as sent and as nothing else."""


class Job(Struct, frozen=True):
    """What a scenario needs to know; ``keep`` is the file that its samples go to.

    ``clients`` and ``seconds`` are its size. ``seats`` are those of the license.
    """

    license_key: str
    token: str
    seats: int
    ttl_seconds: int
    clients: int
    seconds: float
    keep: str


class Sample(Struct, frozen=True, array_like=True):
    """One call: when it was sent on the monotonic clock, how it was answered, how long that took.

    Status 0 is no answer.
    """

    kind: str
    sent_at: float
    status: int
    milliseconds: float


class Samples(Struct):
    """Everything that a scenario saw. ``marks`` are instants that it names."""

    calls: list[Sample] = []
    events: list[Event] = []
    marks: dict[str, float] = {}

    def mark(self, name: str) -> None:
        """Note that now is an instant with a name; of several the first."""
        self.marks.setdefault(name, time.monotonic())

    def of(self, *kinds: str) -> list[Sample]:
        """Return the calls of some kinds."""
        return [one for one in self.answered() if one.kind in kinds]

    def answered(self) -> list[Sample]:
        """Return the calls that were not cut off."""
        return [one for one in self.calls if one.status != UNANSWERED]

    def rate(self, kinds: set[str], begin: str, end: str) -> float:
        """Return how many calls a second of some kinds were sent between two marks."""
        begun, ended = self.marks[begin], self.marks[end]
        sent = sum(one.kind in kinds and begun <= one.sent_at < ended for one in self.calls)
        return sent / (ended - begun)


def read_job() -> Job:
    """Return the job of this process."""
    return msgspec.json.decode(Path(os.environ[JOB]).read_bytes(), type=Job)
