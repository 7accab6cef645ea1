"""The form of a recorded history: JSON lines, one finished call of one program to a line.

Times are milliseconds on the recorder's clock. The first line says what was sold::

    {"kind":"license","seats":5,"ttl_ms":360000}
    {"kind":"acquire","device":"a","sent_ms":10,"replied_ms":12,"outcome":"held",
     "session":"…","gen":3,"slot":0,"lease_ms":360000}
    {"kind":"heartbeat","device":"a","sent_ms":120010,…,"outcome":"lost","session":"…"}
    {"kind":"release","device":"a","sent_ms":130000,…,"outcome":"done","session":"…"}
    {"kind":"borrow","device":"a","sent_ms":130100,…,"outcome":"held","session":"…",
     "lease_ms":604800000}
    {"kind":"seats","sent_ms":20,"replied_ms":21,"seats":3}
    {"kind":"hold","sent_ms":30,"replied_ms":144030}
    {"kind":"restore","sent_ms":30,"replied_ms":90030}
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

Kind = Literal["license", "acquire", "heartbeat", "release", "borrow", "seats", "hold", "restore"]
OutcomeWord = Literal["", "held", "denied", "refused", "lost", "done", "unknown"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line. ``replied_ms`` of an unknown outcome is when the program gave up waiting.

    ``lease_ms`` is how long the lease ran when the server answered, and of a ``borrow`` how long
    its file ran, which no release ends; ``slot`` is None where the recorder cannot know it.
    ``seats`` changes the capacity; during a ``hold`` lapsed seats wait for their owners. A
    ``restore`` has taken out of the ledger what happened between two times.
    """

    kind: Kind
    sent_ms: int = 0
    replied_ms: int = 0
    device: str = ""
    instance: str = ""
    outcome: OutcomeWord = ""
    session: str = ""
    gen: int = 0
    slot: int | None = None
    lease_ms: int = 0
    seats: int = 0
    ttl_ms: int = 0


def write_history(path: Path, events: Iterable[Event]) -> None:
    """Write a history to a file."""
    path.write_bytes(msgspec.json.Encoder().encode_lines(events))


def read_history(path: Path) -> list[Event]:
    """Return the history in a file. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.Decoder(Event).decode_lines(path.read_bytes())
