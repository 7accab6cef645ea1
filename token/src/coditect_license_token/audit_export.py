"""Verifies an export of a tenant's audit against checkpoints that were kept elsewhere.

An export is JSON Lines: a header, the entries in order, checkpoints anywhere between them
(docs/audit.md). Nothing in it is believed but what a trusted key signed, and the kept checkpoints
may be older than the export, or newer than a chain that was cut short.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from coditect_license_token.audit_chain import (
    FIRST_HASH,
    FORGOTTEN,
    canonical,
    commitment,
    forgotten_in,
    next_hash,
    read_entry,
)
from coditect_license_token.checkpoint import Checkpoint, NoteKey, open_checkpoint
from coditect_license_token.errors import MalformedDocument, TokenError

FORMAT: Final = 1
MOST_FINDINGS: Final = 100
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: a stable code, where, and a sentence."""

    code: str
    position: int | None
    text: str

    def __str__(self) -> str:
        place = "" if self.position is None else f" at {self.position}"
        return f"{self.code}{place}: {self.text}"


@dataclass(slots=True)
class Verdict:
    """What a verification found out. ``is_good`` only when there is no finding.

    ``unsigned`` entries came after the newest checkpoint: nobody outside vouches for them yet.
    Findings beyond the first hundred are counted, not kept.
    """

    tenant_id: str = ""
    origin: str = ""
    first: int = 1
    last: int = 0
    checkpoints: int = 0
    signed_to: int = 0
    forgotten: int = 0
    findings: list[Finding] = field(default_factory=list)
    more_findings: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def unsigned(self) -> int:
        """How many entries no checkpoint covers."""
        return max(0, self.last - max(self.signed_to, self.first - 1))

    def add(self, code: str, position: int | None, text: str) -> None:
        """Note a finding."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(code, position, text))
        else:
            self.more_findings += 1


def verify_export(
    lines: Iterable[str], *, keys: Sequence[NoteKey], kept: Iterable[str] = ()
) -> Verdict:
    """Return what an export proves. ``kept`` are notes of checkpoints kept outside the server.

    ``keys`` are pinned: they must not come from whoever made the export. Never raises for what the
    lines say; an export that cannot be read is a finding. Memory: 32 bytes an entry.
    """
    return _Verification(keys).run(iter(lines), kept)


class _Verification:
    """One walk along an export."""

    def __init__(self, keys: Sequence[NoteKey]) -> None:
        self._keys = keys
        self._verdict = Verdict()
        self._hashes = bytearray()
        self._events: set[str] = set()
        self._checkpoints: dict[int, Checkpoint] = {}
        self._unopened: dict[str, int] = {}
        self._recorded: set[str] = set()

    def run(self, lines: Iterator[str], kept: Iterable[str]) -> Verdict:
        verdict = self._verdict
        try:
            self._begin(_object(next(lines, "")))
            for line in lines:
                self._take(_object(line))
        except MalformedDocument as error:
            verdict.add("malformed", verdict.last + 1, str(error))
        for note in kept:
            self._checkpoint(note)
        self._compare_checkpoints()
        self._compare_forgotten()
        return verdict

    def _begin(self, header: dict[str, Any]) -> None:
        verdict = self._verdict
        expected = {
            "audit_export": int,
            "origin": str,
            "tenant_id": str,
            "first": int,
            "before": str,
        }
        if header.get("audit_export") != FORMAT or not _has(header, expected):
            raise MalformedDocument("the first line is no header of an export")
        verdict.tenant_id, verdict.origin = header["tenant_id"], header["origin"]
        verdict.first, verdict.last = header["first"], header["first"] - 1
        before = _hash(header["before"])
        if verdict.first < 1 or (verdict.first == 1 and before != FIRST_HASH):
            raise MalformedDocument("the header begins where no chain begins")
        self._hashes += before

    def _take(self, line: dict[str, Any]) -> None:
        if line.keys() == {"checkpoint"}:
            self._checkpoint(line["checkpoint"])
        elif line.keys() == {"entry", "hash", "opened"} and _has(
            line, {"entry": str, "hash": str, "opened": dict}
        ):
            self._entry(line["entry"], _hash(line["hash"]), line["opened"])
        else:
            raise MalformedDocument("a line that is neither entry nor checkpoint")

    def _entry(self, text: str, stated: bytes, opened: dict[str, Any]) -> None:
        verdict, place = self._verdict, self._verdict.last + 1
        verdict.last = place
        computed = next_hash(bytes(self._hashes[-_HASH_BYTES:]), text) if text.isascii() else b""
        if computed != stated:
            verdict.add("hash", place, "the entry does not lead from the hash before to its own")
        self._hashes += stated
        try:
            entry = read_entry(text)
        except MalformedDocument as error:
            return verdict.add("malformed", place, str(error))
        self._compare_place(entry, place)
        self._open(entry, opened, place)
        if entry["action"] == FORGOTTEN:
            self._recorded |= forgotten_in(entry)
        return None

    def _compare_place(self, entry: dict[str, Any], place: int) -> None:
        verdict = self._verdict
        if entry["position"] != place:
            verdict.add("position", place, f"the entry here says it is number {entry['position']}")
        if entry["tenant_id"] != verdict.tenant_id:
            verdict.add("foreign", place, "the entry is of another tenant")
        if str(entry["id"]) in self._events:
            verdict.add("twice", place, f"the event {entry['id']} was entered before")
        self._events.add(str(entry["id"]))

    def _open(self, entry: dict[str, Any], opened: dict[str, Any], place: int) -> None:
        for name, sealed in entry["personal"].items():
            if name not in opened:
                self._unopened.setdefault(sealed["subject"], place)
                self._verdict.forgotten += 1
            elif not _opens(opened[name], sealed["commitment"]):
                self._verdict.add("opening", place, f"{name} is not what was entered")
        for name in opened.keys() - entry["personal"].keys():
            self._verdict.add("opening", place, f"{name} was never entered")

    def _checkpoint(self, note: object) -> None:
        verdict = self._verdict
        try:
            checkpoint = open_checkpoint(str(note), keys=self._keys)
        except TokenError as error:
            return verdict.add("checkpoint", None, f"a checkpoint counts nothing: {error}")
        verdict.checkpoints += 1
        earlier = self._checkpoints.setdefault(checkpoint.size, checkpoint)
        if earlier.hash != checkpoint.hash and earlier.origin == checkpoint.origin:
            verdict.add(
                "fork",
                checkpoint.size,
                "two signed checkpoints of this size have different hashes: two chains were shown",
            )
        if checkpoint.origin != verdict.origin:
            verdict.add("origin", checkpoint.size, f"a checkpoint is of {checkpoint.origin}")
        return None

    def _compare_checkpoints(self) -> None:
        verdict = self._verdict
        for size, checkpoint in sorted(self._checkpoints.items()):
            if checkpoint.origin != verdict.origin or size < verdict.first - 1:
                continue
            if size > verdict.last:
                verdict.add(
                    "truncated",
                    size,
                    f"a checkpoint counts {size} entries, and there are {verdict.last}",
                )
            elif checkpoint.hash != self._hash_at(size):
                verdict.add("fork", size, "a checkpoint has another hash than the entries here")
            else:
                verdict.signed_to = max(verdict.signed_to, size)
        is_anchored = verdict.first == 1 or verdict.first - 1 in self._checkpoints
        if not is_anchored:
            verdict.add("anchor", verdict.first, "no checkpoint vouches for what stands before")
        if verdict.last >= verdict.first and verdict.signed_to < verdict.first:
            verdict.add("unsigned", None, "no checkpoint of a trusted key covers any entry")

    def _compare_forgotten(self) -> None:
        for subject, place in self._unopened.items():
            if subject not in self._recorded:
                self._verdict.add(
                    "forgotten", place, f"the subject {subject} was forgotten without a record"
                )

    def _hash_at(self, size: int) -> bytes:
        start = (size - self._verdict.first + 1) * _HASH_BYTES
        return bytes(self._hashes[start : start + _HASH_BYTES])


def _opens(opening: object, sealed: object) -> bool:
    if not isinstance(opening, dict) or opening.keys() != {"salt", "value"}:
        return False
    try:
        return commitment(bytes.fromhex(opening["salt"]), opening["value"]) == sealed
    except (TypeError, ValueError):
        return False


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
        canonical(value)  # which refuses what has more than one reading
    except (ValueError, RecursionError) as error:
        raise MalformedDocument("a line that is not JSON") from error
    if not isinstance(value, dict):
        raise MalformedDocument("a line that is no JSON object")
    return value


def _has(line: dict[str, Any], kinds: dict[str, type]) -> bool:
    return all(type(line.get(name)) is kind for name, kind in kinds.items())


def _hash(text: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError as error:
        raise MalformedDocument("a hash that is not hexadecimal") from error
    if len(data) != _HASH_BYTES or data.hex() != text:
        raise MalformedDocument("a hash of another form")
    return data
