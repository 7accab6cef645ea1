"""What an entry of the chain says, and what in it is personal. Pure: every instant is an argument.

The text of an entry is the law of docs/audit.md; its hashes and commitments are in
``coditect_license_token.audit_chain``, which customers verify with.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from coditect_license_token.audit_chain import VERSION, canonical, commitment, field_salt

CHECKPOINT_SECONDS: Final = 60
CHECKPOINT_ENTRIES: Final = 1_000
"""A checkpoint is due when either is over and there is something new."""

COUNTS_SETTLE: Final = timedelta(minutes=5)
"""How long after its end an hour's counts may still grow; later ones get a record of their own."""

_SHARE: Final = 49
_SHARE_WHEN_BEHIND: Final = 9
_BEHIND: Final = timedelta(minutes=1)

MOST_SUBJECT_CHARACTERS: Final = 400

_IMPERSONAL_KIND: Final = "system"
_PERSONAL_WORDS: Final = frozenset({"address", "device", "email", "person", "subject"})
_PERSONAL_NAMES: Final = frozenset({"display_name", "hardware_id"})


@dataclass(frozen=True, slots=True)
class Personal:
    """A value about a person, and the name of whom it is about, as the book of subjects has it."""

    subject: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event, as its row has it; ids with dashes, the instant as the contract writes it."""

    tenant_id: str
    id: str
    at: str
    action: str
    principal: str
    license_id: str | None
    session_id: str | None
    details: Mapping[str, Any]

    @property
    def personal(self) -> dict[str, Personal]:
        """The values about persons, by field: ``principal`` and ``details.NAME``.

        Every principal is one but ``system:…``, and every detail whose name is ``display_name`` or
        ``hardware_id`` or whose last word is address, device, email, person or subject. A detail is
        about ``WORD:VALUE``; ``subject`` is about the principal that it names.
        """
        found = {
            f"details.{name}": Personal(_about(name, value), value)
            for name, value in self.details.items()
            if is_personal(name)
        }
        kind, _, subject = self.principal.partition(":")
        if kind != _IMPERSONAL_KIND and subject:
            found["principal"] = Personal(name_of_subject(self.principal), self.principal)
        return found

    def text(self, position: int, sealed: Mapping[str, Any]) -> str:
        """Return the entry at a position; ``sealed`` stands where personal values were."""
        return canonical(
            {
                "action": self.action,
                "at": self.at,
                "details": {k: v for k, v in self.details.items() if not is_personal(k)},
                "id": self.id,
                "license_id": self.license_id,
                "personal": dict(sealed),
                "position": position,
                "principal": impersonal(self.principal),
                "session_id": self.session_id,
                "tenant_id": self.tenant_id,
                "v": VERSION,
            }
        )


def is_personal(name: str) -> bool:
    """Return whether a detail of this name is about a person."""
    return name in _PERSONAL_NAMES or name.rpartition("_")[2] in _PERSONAL_WORDS


def impersonal(principal: str) -> str:
    """Return a principal without its subject, unless it is one of the system's own."""
    kind, _, _ = principal.partition(":")
    return principal if kind == _IMPERSONAL_KIND else f"{kind}:"


def sealed(salt: bytes, subject_id: str, event_id: str, field: str, value: Any) -> dict[str, str]:
    """Return what an entry holds in place of a personal value."""
    of_field = field_salt(salt, event_id, field)
    return {"commitment": commitment(of_field, value), "subject": subject_id}


def checkpoint_is_due(
    *, size: int, signed_size: int, signed_at: datetime | None, now: datetime
) -> bool:
    """Return whether to sign how far a chain has come."""
    if size <= signed_size:
        return False
    is_old = signed_at is None or abs(now - signed_at) >= timedelta(seconds=CHECKPOINT_SECONDS)
    return is_old or size - signed_size >= CHECKPOINT_ENTRIES


def is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
    """Return whether it is time again, also on a clock that was set back."""
    return last is None or not timedelta() <= now - last < every


def rest_seconds(*, spent_seconds: float, behind: timedelta) -> float:
    """Return how long a sealer in a server rests after a page: grants come first.

    It takes a fiftieth of the time, and a tenth when it seals what is older than a minute.
    """
    return spent_seconds * (_SHARE_WHEN_BEHIND if behind > _BEHIND else _SHARE)


def hour_of(instant: datetime) -> datetime:
    """Return the beginning of the hour."""
    return instant.replace(minute=0, second=0, microsecond=0)


def counts_end(now: datetime) -> datetime:
    """Return before which hour counts are whole."""
    return hour_of(now - COUNTS_SETTLE)


def _about(name: str, value: Any) -> str:
    word = name if name in _PERSONAL_NAMES else name.rpartition("_")[2]
    text = value if isinstance(value, str) else canonical(value)
    return name_of_subject(text if word == "subject" else f"{word}:{text}")


def name_of_subject(subject: str) -> str:
    """Return how the book of subjects names somebody: as is, or by hash what it cannot keep."""
    if len(subject) <= MOST_SUBJECT_CHARACTERS and subject.isprintable():
        return subject
    return f"sha256:{hashlib.sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()}"
