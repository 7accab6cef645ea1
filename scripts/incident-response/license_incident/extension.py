"""Leases of the innocent made longer, and the wait until their programs know (docs/adr/0038)."""

import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from license_incident import cloud
from license_incident.settings import Settings
from license_incident.steps import Step, StepFailed, run

_SECONDS: Final = 1_800.0
_JITTER: Final = 1.2
"""Programs beat up to a tenth late, and the call itself takes its time."""


@dataclass(slots=True)
class _Told:
    """What the first step learned for the second; None when it failed."""

    interval_seconds: float | None = None


def steps(
    settings: Settings,
    incident: str,
    *,
    seconds: int,
    most_wait_seconds: float,
    spared: Sequence[str] = (),
) -> list[Step]:
    """Return the two steps that come before every block; ``spared`` are those to be blocked."""
    told = _Told()
    return [
        _extend(settings, incident, seconds, spared, told),
        _wait(most_wait_seconds, told),
    ]


def _extend(
    settings: Settings, incident: str, seconds: int, spared: Sequence[str], told: _Told
) -> Step:
    but = [word for tenant in spared for word in ("--except", tenant)]
    words = ["extend_leases", "--incident", incident, "--seconds", str(seconds), *but, "--json"]
    whole = cloud.manage(settings, *words)

    def act() -> str:
        said = run(whole, seconds=_SECONDS)
        told.interval_seconds = _interval(said)
        return said

    return Step(name="extend leases", shows=[shlex.join(whole)], act=act)


def _interval(said: str) -> float:
    try:
        return float(json.loads(said)["longest_heartbeat_interval_seconds"])
    except (ValueError, LookupError, TypeError) as mistake:
        raise StepFailed(f"extend_leases answered {said[:200]!r}") from mistake


def _wait(most_seconds: float, told: _Told) -> Step:
    def act() -> str:
        if told.interval_seconds is None:
            return "nothing was extended: there is nothing to wait for"
        seconds = min(told.interval_seconds * _JITTER, most_seconds)
        time.sleep(seconds)
        return f"waited {seconds:g} s of {told.interval_seconds:g} s between heartbeats"

    shown = f"sleep # one heartbeat interval and a fifth, {most_seconds:g} s at most"
    return Step(name="wait for heartbeats", shows=[shown], act=act)
