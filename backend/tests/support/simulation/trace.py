"""What happened in a run, in order: for its digest, and for whoever must find a defect.

Nothing in it depends on the machine, the hour or Python's hashes: sessions are numbered as they
appear, and times are microseconds since the run began.
"""

import hashlib
from typing import NamedTuple

EVERYTHING = "*"
"""The license of what concerns all of them: crashes, restarts, jumps of the clock."""


class Entry(NamedTuple):
    """One thing that happened; ``who`` is a device or what else acted."""

    at_us: int
    license: str
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.at_us / 1e6:14.6f} s  {self.license:8} {self.who:18} {self.what}"


class Trace:
    """The entries of one run."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._sessions: dict[str, int] = {}

    def add(self, at_seconds: float, license: str, who: str, what: str) -> None:
        """Note what happened."""
        self._entries.append(Entry(round(at_seconds * 1e6), license, who, what))

    def name_of(self, session_id: str) -> str:
        """Return the name of a session: its number in the order of appearance."""
        return f"session {self._sessions.setdefault(session_id, len(self._sessions) + 1)}"

    @property
    def digest(self) -> str:
        """What two runs of one seed must have in common, to the byte."""
        hashed = hashlib.blake2b(digest_size=16)
        for entry in self._entries:
            hashed.update(f"{entry.at_us}|{entry.license}|{entry.who}|{entry.what}\n".encode())
        return hashed.hexdigest()

    def about(self, license: str, device: str, most: int) -> list[str]:
        """Return the last entries that concern one holder, or all of them."""
        concerned = [str(entry) for entry in self._entries if _concerns(entry, license, device)]
        return concerned[-most:]


def _concerns(entry: Entry, license: str, device: str) -> bool:
    if entry.license == EVERYTHING:
        return True
    return entry.license == license and entry.who.split("/")[0] in {device, "vendor"}
