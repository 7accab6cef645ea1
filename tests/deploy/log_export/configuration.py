"""A configuration of fluent-bit, read: its grammar, its sections, and who gets which records."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

import tree_sitter_fluentbit
from tree_sitter import Language, Node, Parser

_SECTION: Final = re.compile(r"\[(\w+)\]")
_FILE_NAME: Final = f"pod_namespace_container-{'0' * 64}.log"


@dataclass(frozen=True)
class Section:
    """One section; names of properties are in lower case, and each has its values in order."""

    kind: str
    properties: dict[str, list[str]]

    def get(self, name: str) -> str:
        """Return the last value of a property, or nothing."""
        return self.properties.get(name.lower(), [""])[-1]

    @property
    def name(self) -> str:
        """The plugin."""
        return self.get("name")

    def takes(self, tag: str) -> bool:
        """Return whether records of a tag come through here."""
        return fnmatchcase(tag, self.get("match"))


def mistakes_of_grammar(text: str) -> list[str]:
    """Return the places that are no fluent-bit at all, by line."""
    tree = Parser(Language(tree_sitter_fluentbit.language())).parse(text.encode())
    return [f"line {node.start_point[0] + 1}" for node in _wrong(tree.root_node)]


def sections(text: str) -> list[Section]:
    """Return the sections in order. Raises ValueError for a line that belongs to none."""
    found: list[Section] = []
    for line in (line.strip() for line in text.splitlines()):
        if begun := _SECTION.fullmatch(line):
            found.append(Section(begun[1].upper(), {}))
        elif line and not line.startswith("#"):
            if not found:
                raise ValueError(f"in no section: {line}")
            key, _, value = line.partition(" ")
            found[-1].properties.setdefault(key.lower(), []).append(value.strip())
    return found


def of(known: Sequence[Section], kind: str) -> list[Section]:
    """Return the sections of a kind, INPUT for example."""
    return [section for section in known if section.kind == kind]


def tags(known: Sequence[Section]) -> list[str]:
    """Return the tags that records have, for a file of each pattern and each rule that renames."""
    read = [tag for section in of(known, "INPUT") for tag in _expanded(section)]
    filters = [one for one in of(known, "FILTER") if one.name == "rewrite_tag"]
    return [*read, *(tag for one in filters for tag in _renamed(one, read))]


def _wrong(node: Node) -> Iterator[Node]:
    if node.is_error or node.is_missing:
        yield node
    for child in node.children:
        yield from _wrong(child)


def _expanded(section: Section) -> Iterator[str]:
    for path in section.get("path").split(","):
        file = path.strip().replace("*.log", _FILE_NAME).strip("/").replace("/", ".")
        yield section.get("tag").replace("*", file)


def _renamed(section: Section, read: Sequence[str]) -> Iterator[str]:
    for rule in section.properties.get("rule", []):
        _, _, new, _ = rule.split()
        yield from (new.replace("$TAG", tag) for tag in read if section.takes(tag))
