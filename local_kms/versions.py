"""The life of a key version: when it is made, may be used, and is gone. Pure: time is given.

::

    PENDING_GENERATION -> ENABLED <-> DISABLED
                             \\         /  ^
                         DESTROY_SCHEDULED -> DESTROYED
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from google.cloud import kms

from local_kms.errors import Refusal, invalid, precondition
from local_kms.habits import Habits

# proto-plus has no types: mypy takes its enums for plain classes.
State: Final[Any] = kms.CryptoKeyVersion.CryptoKeyVersionState

_SWITCHABLE: Final = frozenset({State.ENABLED, State.DISABLED})
_REASONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        State.PENDING_GENERATION: "KEY_PENDING_GENERATION",
        State.DISABLED: "KEY_DISABLED",
        State.DESTROY_SCHEDULED: "KEY_DESTROYED",
        State.DESTROYED: "KEY_DESTROYED",
    }
)


def settle(version: kms.CryptoKeyVersion, habits: Habits, now: datetime) -> bool:
    """Do to a version what time has done; return whether anything changed."""
    if version.state == State.PENDING_GENERATION:
        ready = version.create_time + timedelta(seconds=habits.generation_seconds)
        return _enable(version, ready) if ready <= now else False
    if version.state == State.DESTROY_SCHEDULED and version.destroy_time <= now:
        version.destroy_event_time = version.destroy_time
        version.destroy_time = None
        version.state = State.DESTROYED
        return True
    return False


def switch(version: kms.CryptoKeyVersion, wanted: int) -> None:
    """Enable or disable. Raises Refusal for any other state, before or after."""
    if wanted not in _SWITCHABLE:
        raise invalid(f"A version cannot be set to {State(wanted).name}.")
    if version.state not in _SWITCHABLE:
        raise wrong_state(version)
    version.state = State(wanted)


def schedule_destruction(version: kms.CryptoKeyVersion, key: kms.CryptoKey, now: datetime) -> None:
    """Begin the time after which the material is gone. Raises Refusal."""
    if version.state not in _SWITCHABLE:
        raise wrong_state(version)
    version.state = State.DESTROY_SCHEDULED
    version.destroy_time = now + key.destroy_scheduled_duration


def restore(version: kms.CryptoKeyVersion) -> None:
    """Take back a scheduled destruction; the version comes back disabled. Raises Refusal."""
    if version.state != State.DESTROY_SCHEDULED:
        raise wrong_state(version)
    version.state = State.DISABLED
    version.destroy_time = None


def wrong_state(version: kms.CryptoKeyVersion) -> Refusal:
    """Return the refusal of what a version's present state forbids, in Cloud KMS's words."""
    state = State(version.state)
    return precondition(
        f"{version.name} is not enabled, current state is: {state.name}.",
        reason=_REASONS.get(state, "KEY_ENABLED"),
        subject=version.name,
    )


def _enable(version: kms.CryptoKeyVersion, ready: datetime) -> bool:
    version.state = State.ENABLED
    version.generate_time = ready
    return True
