"""Where documents and credentials of others are believed, and every attack on each such place.

The attacks are those of `token/vectors/kinds.py`, so a kind added there is refused here or shows.
"""

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from time import process_time
from typing import Any, Final

from vectors.kinds import KINDS, other_documents

ACCEPTED: Final = "accepted"
MOST_CPU_SECONDS: Final = 0.5
"""For one refusal; most take a millisecond. CPU time, so that a busy machine does not count."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """A place that believes documents of a kind.

    ``claims`` are what a good document says here (None: as in the vectors), ``refusals`` what an
    attacker may be told, ``harmless`` the attacks that are none here, each with a reason beside it.
    ``through`` are the functions that read the document, as `readers` names them.
    """

    kind: str
    present: Callable[[bytes], str]
    refusals: Collection[str]
    through: frozenset[str]
    claims: Any = None
    harmless: frozenset[str] = frozenset()

    def attacks(self) -> Iterator[tuple[str, bytes]]:
        """Give every attack on a document that is good here, and all documents of other kinds."""
        usual = self.claims is None
        of_the_kind = _usual(self.kind) if usual else KINDS[self.kind].attacks(self.claims)
        for name, document in chain(of_the_kind, other_documents(self.kind)):
            if name not in self.harmless:
                yield name, document

    def good(self) -> bytes:
        """Give the document that every attack starts from."""
        given = () if self.claims is None else (self.claims,)
        document: bytes = KINDS[self.kind].document(*given)
        return document


@cache
def _usual(kind: str) -> tuple[tuple[str, bytes], ...]:
    """Make the attacks on the document of the vectors once: each takes a signature."""
    return tuple(KINDS[kind].attacks())


def opened_by_attacks(door: Door) -> list[str]:
    """Present every attack, then the good document; name what came out as it must not."""
    wrong = [
        f"{name}: {told}" for name, document in door.attacks() if (told := _told(door, document))
    ]
    if (outcome := door.present(door.good())) != ACCEPTED:
        wrong.append(f"the good document: {outcome}")
    return wrong


def _told(door: Door, document: bytes) -> str:
    began = process_time()
    outcome = door.present(document)
    seconds = process_time() - began
    if outcome not in door.refusals:
        return outcome
    return "" if seconds < MOST_CPU_SECONDS else f"refused after {seconds:.1f} s"


def readers(source: Path, *names: str) -> set[str]:
    """Name each import of what reads a signed document, as ``file:name``.

    Those are the token package's ``open_…`` functions and its parser, the JOSE library, and
    ``names`` from anywhere.
    """
    return {
        f"{path.relative_to(source)}:{name}"
        for path in source.rglob("*.py")
        if "tests" not in path.relative_to(source).parts
        for module, name in _imports(path)
        if name in names or module.startswith("joserfc") or _reads(module, name)
    }


def _reads(module: str, name: str) -> bool:
    return module.startswith("coditect_license_token") and (
        name.startswith("open_") or name in {"jws", "follow_links"}
    )


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
