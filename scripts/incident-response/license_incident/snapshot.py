"""A backup of the database as it is, begun and not waited for."""

import json
import shlex
from typing import Final

from license_incident import cloud
from license_incident.settings import Settings
from license_incident.steps import Step, StepFailed, command, run

_SECONDS: Final = 120.0
_BAD: Final = {"FAILED", "SKIPPED", "DELETION_FAILED", "DELETED"}


def steps(settings: Settings, description: str) -> list[Step]:
    """Return the step that begins it and the one that looks whether it goes on."""
    begin = cloud.create_backup(settings, description)
    return [command("snapshot", begin, seconds=_SECONDS), _checked(settings, description)]


def _checked(settings: Settings, description: str) -> Step:
    words = cloud.newest_backup(settings, description)

    def act() -> str:
        status = _status(run(words, seconds=_SECONDS))
        if status in _BAD:
            raise StepFailed(f"the backup is {status}")
        return f"the backup is {status}"

    return Step(name="snapshot checked", shows=[shlex.join(words)], act=act)


def _status(listed: str) -> str:
    try:
        return str(json.loads(listed)[0]["status"])
    except (ValueError, LookupError, TypeError) as mistake:
        raise StepFailed("the backup is not in the list") from mistake
