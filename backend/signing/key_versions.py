"""Where private root keys live, seen by whoever administers them.

Signing needs none of this: the servers hold signers, and the right to sign. The right to make,
disable and destroy keys belongs to another principal (docs/adr/0015).
"""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from signing.signer import Signer


class KeyState(enum.Enum):
    """What can be done with a key. Cloud KMS has the same words."""

    PENDING = "pending generation"
    ENABLED = "enabled"
    DISABLED = "disabled"
    DESTROY_SCHEDULED = "scheduled for destruction"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVersion:
    """One private key. ``location`` is what a signer is opened by."""

    location: str
    state: KeyState
    created_at: datetime


class KeyVersions(Protocol):
    """The private keys of one installation.

    Every change can be repeated: done already, it does nothing. Each method blocks, and raises
    SigningUnavailable when the keys cannot be reached (the change may have happened or not) and
    UnsafeKey for a key that is unknown, or in a state from which the change is not allowed. All
    implementations pass tests/integration/test_key_versions.py.
    """

    def create(self) -> KeyVersion:
        """Make an RSA-4096 key. It may be pending for minutes."""

    def all(self) -> tuple[KeyVersion, ...]:
        """Return every key that was ever made, oldest first."""

    def find(self, location: str) -> KeyVersion:
        """Return the key at a location, as it is now."""

    def signer(self, location: str) -> Signer:
        """Return the signer of an enabled key."""

    def disable(self, location: str) -> None:
        """Let it sign nothing more. What was signed under way may still come out."""

    def enable(self, location: str) -> None:
        """Let a disabled key sign again."""

    def schedule_destruction(self, location: str) -> None:
        """Have a disabled key destroyed after the term that its keeper has for that."""

    def restore(self, location: str) -> None:
        """Take back a destruction that is only scheduled; the key is disabled then."""
