"""An audit on paper: exports made without a database, and what forgers make of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoints import Notary
from audit.rules import Event, sealed
from coditect_license_token.audit_chain import FIRST_HASH, canonical, field_salt, next_hash
from coditect_license_token.checkpoint import NoteKey
from signing.checkpoint_key import CheckpointKey

TENANT: Final = UUID(int=1)
SALT: Final = bytes(range(32))
SUBJECT: Final = str(UUID(int=7))


def _notary(name: str = "licenses.example.com/audit") -> Notary:
    key = CheckpointKey(Ed25519PrivateKey.generate())
    return Notary(NoteKey(name, key.public_key), key)


NOTARY: Final = _notary()
STRANGER: Final = _notary()


@dataclass(frozen=True)
class Paper:
    """Entries with hashes and openings, the notes among them, and the notes kept elsewhere."""

    entries: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    first: int = 1
    before: str = FIRST_HASH.hex()

    def lines(self) -> list[str]:
        header = {
            "audit_export": 1,
            "before": self.before,
            "first": self.first,
            "origin": NOTARY.origin_of(TENANT),
            "tenant_id": str(TENANT),
        }
        notes = [{"checkpoint": note} for note in self.notes]
        return [json.dumps(line) for line in (header, *self.entries, *notes)]

    def hash_at(self, size: int) -> str:
        return str(self.entries[size - self.first]["hash"])

    def chained(self) -> "Paper":
        """The same entries with positions and hashes that fit."""
        hash_, chained = bytes.fromhex(self.before), []
        for position, line in enumerate(self.entries, self.first):
            text = canonical({**json.loads(line["entry"]), "position": position})
            hash_ = next_hash(hash_, text)
            chained.append({**line, "entry": text, "hash": hash_.hex()})
        return replace(self, entries=chained)

    def edited(self, place: int, **members: Any) -> "Paper":
        entries = list(self.entries)
        text = canonical({**json.loads(entries[place]["entry"]), **members})
        entries[place] = {**entries[place], "entry": text}
        return replace(self, entries=entries)


def note(paper: Paper, size: int, notary: Notary = NOTARY, tenant: UUID = TENANT) -> str:
    return notary.sign(tenant, size=size, hash_hex=paper.hash_at(size))


def _line(number: int, action: str = "license.issued", **details: Any) -> dict[str, Any]:
    event = Event(
        tenant_id=str(TENANT),
        id=str(UUID(int=100 + number)),
        at=f"2030-01-01T12:00:0{number}.000000+00:00",
        action=action,
        principal="user:alice",
        license_id=None,
        session_id=None,
        details=details,
    )
    value = sealed(SALT, SUBJECT, event.id, "principal", "user:alice")
    opening = {"salt": field_salt(SALT, event.id, "principal").hex(), "value": "user:alice"}
    text = event.text(number, {"principal": value})
    return {"entry": text, "hash": "", "opened": {"principal": opening}}


def honest() -> Paper:
    """Six entries; the customer kept the checkpoints at 3 and 6."""
    paper = Paper([_line(number) for number in range(1, 7)]).chained()
    notes = [note(paper, 3), note(paper, 6)]
    return replace(paper, notes=notes, kept=notes)


def forgotten() -> Paper:
    """An export after Alice was forgotten, with the record of it."""
    paper = honest()
    entries = [{**line, "opened": {}} for line in paper.entries]
    record = _line(7, "subject.forgotten", subjects=[SUBJECT])
    grown = replace(paper, entries=[*entries, {**record, "opened": {}}]).chained()
    return replace(grown, notes=[*paper.notes, note(grown, 7)])


def _without_names(paper: Paper) -> Paper:
    return replace(paper, entries=[{**line, "opened": {}} for line in paper.entries])


def _renamed(paper: Paper) -> Paper:
    entries = list(paper.entries)
    opened = entries[2]["opened"]["principal"]
    entries[2] = {**entries[2], "opened": {"principal": {**opened, "value": "user:mallory"}}}
    return replace(paper, entries=entries)


def _added_name(paper: Paper) -> Paper:
    entries = list(paper.entries)
    opened = entries[2]["opened"]
    entries[2] = {**entries[2], "opened": {**opened, "details.email": opened["principal"]}}
    return replace(paper, entries=entries)


def _fork(paper: Paper) -> Paper:
    """Both checkpoints are signed; what was shown to the customer is not what is shown now."""
    other = paper.edited(4, action="license.revoked").chained()
    return replace(other, notes=[note(other, 6)])


def _spaced(paper: Paper) -> Paper:
    entries = list(paper.entries)
    entries[5] = {**entries[5], "entry": entries[5]["entry"].replace(",", ", ", 1)}
    hash_ = next_hash(bytes.fromhex(paper.hash_at(5)), entries[5]["entry"]).hex()
    entries[5] = {**entries[5], "hash": hash_}
    return replace(paper, entries=entries, notes=paper.notes[:1], kept=paper.kept[:1])


def _signed_by_a_stranger(paper: Paper) -> Paper:
    return replace(paper, notes=[*paper.notes, note(paper, 5, STRANGER)])


def _half_signed(paper: Paper) -> Paper:
    """The name and the hint of our key, and somebody else's signature."""
    forged = Notary(NOTARY.key, STRANGER.signer)
    return replace(paper, notes=[*paper.notes, note(paper, 5, forged)])


def _later_half(paper: Paper) -> Paper:
    return replace(
        paper, entries=paper.entries[4:], first=5, before=paper.hash_at(4), notes=paper.notes[1:]
    )


def _twice(paper: Paper) -> Paper:
    again = replace(paper, entries=[*paper.entries, paper.entries[1]]).chained()
    return replace(again, notes=[*paper.notes, note(again, 7)])


def _foreign(paper: Paper) -> Paper:
    other = paper.edited(5, tenant_id=str(UUID(int=2))).chained()
    return replace(other, notes=[note(other, 6)], kept=paper.kept[:1])


FORGERIES: Final[dict[str, tuple[str, Callable[[Paper], Paper]]]] = {
    "an entry is edited": ("hash", lambda p: p.edited(3, action="license.revoked")),
    "the last entry is edited": ("hash", lambda p: p.edited(5, action="license.revoked")),
    "an entry is edited and all chained anew": (
        "fork",
        lambda p: replace(p.edited(3, action="license.revoked").chained(), notes=[]),
    ),
    "an entry is deleted": (
        "position",
        lambda p: replace(p, entries=p.entries[:2] + p.entries[3:]),
    ),
    "an entry is deleted and all chained anew": (
        "truncated",
        lambda p: replace(p, entries=p.entries[:2] + p.entries[3:]).chained(),
    ),
    "an entry is inserted": (
        "position",
        lambda p: replace(p, entries=[*p.entries[:2], p.entries[4], *p.entries[2:]]),
    ),
    "an entry is inserted and all chained anew": (
        "fork",
        lambda p: replace(p, entries=[*p.entries[:2], _line(9), *p.entries[2:]]).chained(),
    ),
    "two entries change places": (
        "position",
        lambda p: replace(p, entries=[p.entries[1], p.entries[0], *p.entries[2:]]),
    ),
    "two entries change places and all is chained anew": (
        "fork",
        lambda p: replace(p, entries=[p.entries[1], p.entries[0], *p.entries[2:]]).chained(),
    ),
    "the end is cut off, with its checkpoint": (
        "truncated",
        lambda p: replace(p, entries=p.entries[:4], notes=p.notes[:1]),
    ),
    "everything is cut off": ("truncated", lambda p: replace(p, entries=[], notes=[])),
    "a restored backup has grown again": (
        "fork",
        lambda p: replace(p, entries=[*p.entries[:4], _line(8), _line(9)], notes=[]).chained(),
    ),
    "two chains were signed": ("fork", _fork),
    "a checkpoint is a stranger's": ("checkpoint", _signed_by_a_stranger),
    "a checkpoint has a stranger's signature under our name": ("checkpoint", _half_signed),
    "a checkpoint is another tenant's": (
        "origin",
        lambda p: replace(p, kept=[*p.kept, note(p, 6, tenant=UUID(int=2))]),
    ),
    "there is no checkpoint": ("unsigned", lambda p: replace(p, notes=[], kept=[])),
    "the beginning hangs in the air": ("anchor", _later_half),
    "somebody else's name is shown": ("opening", _renamed),
    "a name is shown that was never entered": ("opening", _added_name),
    "names are withheld without a record": ("forgotten", _without_names),
    "an event is entered twice": ("twice", _twice),
    "an entry is another tenant's": ("foreign", _foreign),
    "an entry has a second spelling": ("malformed", _spaced),
}


def misjudged(verifier: ModuleType) -> list[str]:
    """Return what a verifier gets wrong: honest exports it refuses, forgeries it misses."""
    wrong = []
    for paper in (honest(), forgotten(), replace(honest(), kept=[])):
        verdict = verifier.verify_export(paper.lines(), keys=NOTARY.keys, kept=paper.kept)
        if verdict.findings:
            wrong.append(f"refused: {verdict.findings[0]}")
    for name, (code, forge) in FORGERIES.items():
        paper = forge(honest())
        verdict = verifier.verify_export(paper.lines(), keys=NOTARY.keys, kept=paper.kept)
        if code not in {finding.code for finding in verdict.findings}:
            wrong.append(name)
    return wrong
