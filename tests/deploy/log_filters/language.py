"""The part of Cloud Logging's query language that our filters use, evaluated over log entries.

Source: "Logging query language", docs.cloud.google.com/logging/docs/view/logging-query-language.
What it says of precedence is easily missed: NOT binds first, then OR, then AND. Comparisons with
``=`` and ``:`` ignore case, regular expressions do not and match a part. A comparison of a field
that is missing is false, so its NOT is true. Anything else of the language is refused here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

Entry = Mapping[str, Any]
Test = Callable[[Entry], bool]

TOKEN: Final = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<operator>=~|!~|!=|=|:)|(?P<bracket>[()])'
    r"|(?P<word>[A-Za-z_@][\w./@-]*))"
)
KEYWORDS: Final = frozenset({"AND", "OR", "NOT"})


class NotOurs(Exception):
    """Says what of a filter is not in the part of the language that is evaluated."""


def compiled(text: str) -> Test:
    """Return what a filter says of an entry. Raises NotOurs."""
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise NotOurs(text[at : at + 40])
        tokens.append(found[0].strip())
        at = found.end()
    return tokens


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]

    def whole(self) -> Test:
        test = self._all_of()
        self._expect("")
        return test

    def _take(self) -> str:
        return self._tokens.pop(0)

    def _expect(self, token: str) -> None:
        if (taken := self._take()) != token:
            raise NotOurs(f"{taken!r} in place of {token!r}")

    def _all_of(self) -> Test:
        tests = [self._any_of()]
        while self._tokens[0] == "AND":
            self._take()
            tests.append(self._any_of())
        return lambda entry: all(test(entry) for test in tests)

    def _any_of(self) -> Test:
        tests = [self._one()]
        while self._tokens[0] == "OR":
            self._take()
            tests.append(self._one())
        return lambda entry: any(test(entry) for test in tests)

    def _one(self) -> Test:
        if self._tokens[0] == "NOT":
            self._take()
            denied = self._one()
            return lambda entry: not denied(entry)
        if self._tokens[0] == "(":
            self._take()
            inner = self._all_of()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        field = self._take()
        if field in KEYWORDS or not re.fullmatch(r"[A-Za-z_@].*", field):
            raise NotOurs(f"{field!r} where a field should be")
        if field == "log_id":
            return self._log_id()
        operator = self._take()
        if operator not in OPERATORS:
            raise NotOurs(f"the operator {operator!r} of {field}")
        values = self._values()
        compare = OPERATORS[operator]
        return lambda entry: any(
            compare(found, value) for found in _found(entry, field) for value in values
        )

    def _log_id(self) -> Test:
        self._expect("(")
        ending = f"/logs/{quote(_string(self._take()), safe='')}"
        self._expect(")")
        return lambda entry: str(entry.get("logName", "")).endswith(ending)

    def _values(self) -> list[str]:
        if self._tokens[0] != "(":
            return [_string(self._take())]
        self._take()
        values = [_string(self._take())]
        while self._tokens[0] == "OR":
            self._take()
            values.append(_string(self._take()))
        self._expect(")")
        return values


def _string(token: str) -> str:
    if not token.startswith('"'):
        raise NotOurs(f"{token!r} where a string in quotes should be")
    return re.sub(r"\\([\"\\])", r"\1", token[1:-1])


def _found(entry: Any, field: str) -> list[str]:
    """Return the values at a path: none where it is missing, several where a list is on it."""
    values = [entry]
    for name in field.split("."):
        inner = [one for one in _each(values) if isinstance(one, Mapping)]
        values = [one[name] for one in inner if name in one]
    return [str(value) for value in _each(values)]


def _each(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if isinstance(value, list) else [value]


def _equals(found: str, value: str) -> bool:
    return found.lower() == value.lower()


def _has(found: str, value: str) -> bool:
    return value.lower() in found.lower()


def _matches(found: str, pattern: str) -> bool:
    return re.search(pattern, found) is not None


OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "=": _equals,
    ":": _has,
    "=~": _matches,
}
