"""What can be wrong with JSON and its values, whoever signed it."""

from collections.abc import Iterator
from typing import Any

from .forge import changed, spelled, text_of, without

_NUMBERS = {
    "as a float": "1767000000.0",
    "with an exponent": "1767e6",
    "as 1e400": "1e400",
    "as NaN": "NaN",
    "as Infinity": "Infinity",
    "as -Infinity": "-Infinity",
    "negative": "-1",
    "as minus zero": "-0",
    "as 2**53": "9007199254740992",
    "of 5000 digits": "9" * 5000,
    "with a plus sign": "+1767000000",
    "in hexadecimal": "0x69524c40",
    "with an underscore": "1_767_000_000",
    "in fullwidth digits": "\uff11\uff17",
    "with a leading zero": "01767000000",
    "as a string": '"1767000000"',
    "as true": "true",
    "as null": "null",
    "as an array": "[1767000000]",
    "as an object": '{"seconds":1767000000}',
}
_TEXTS: dict[str, object] = {
    "empty": "",
    "of 257 characters": "x" * 257,
    "with NUL": "a\x00b",
    "with a line break": "a\nb",
    "with DEL": "a\x7fb",
    "with a letter beyond ASCII": "caf\u00e9",
    "with a look-alike letter": "\u0440ro",
    "with a lone surrogate": "pro\ud800",
    "with a direction mark": "pro\u202e",
    "as a number": 1,
    "as true": True,
    "as null": None,
    "as an array": ["pro"],
    "as an object": {"tier": "pro"},
}
_TIMES: dict[str, object] = {
    "without decimals": "2026-12-29T01:04:59+00:00",
    "with three decimals": "2026-12-29T01:04:59.214+00:00",
    "with Z": "2026-12-29T01:04:59.214025Z",
    "with another offset": "2026-12-29T02:04:59.214025+01:00",
    "with a space for T": "2026-12-29 01:04:59.214025+00:00",
    "without offset": "2026-12-29T01:04:59.214025",
    "with a trailing line break": "2026-12-29T01:04:59.214025+00:00\n",
    "on 31 February": "2026-02-31T01:04:59.214025+00:00",
    "at hour 24": "2026-12-29T24:00:00.000000+00:00",
    "in year 0": "0000-12-29T01:04:59.214025+00:00",
    "in other digits": "\u0662026-12-29T01:04:59.214025+00:00",
    "as a number": 1767000000,
}


def texts(members: dict[str, Any], *names: str) -> Iterator[tuple[str, bytes]]:
    """Spoil each named member as a text."""
    for name in names:
        yield from changed(members, name, _TEXTS)


def times(members: dict[str, Any], *names: str) -> Iterator[tuple[str, bytes]]:
    """Spoil each named member as a written time."""
    for name in names:
        yield from changed(members, name, _TIMES)


def integers(members: dict[str, Any], *names: str) -> Iterator[tuple[str, bytes]]:
    """Spoil each named member as an integer."""
    for name in names:
        for what, spelling in _NUMBERS.items():
            yield f"{name} {what}", spelled(members, name, spelling)


def members(whole: dict[str, Any], optional: str = "") -> Iterator[tuple[str, bytes]]:
    """Leave out, rename, add and repeat members."""
    for name in sorted(whole):
        if name != optional:
            yield f"{name} missing", text_of(without(whole, name))
        renamed = {**without(whole, name), name.upper(): whole[name]}
        yield f"{name} renamed", text_of(renamed)
        yield f"{name} twice", text_of(whole)[:-1] + b"," + text_of({name: whole[name]})[1:]
    yield "a member nobody knows", text_of({**whole, "admin": True})
    yield "a member without a name", text_of({**whole, "": ""})
    yield "a member named __proto__", text_of({**whole, "__proto__": {}})


def texts_of_json(whole: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Spoil the JSON text itself."""
    good = text_of(whole)
    yield "empty", b""
    yield "an array", b"[" + good + b"]"
    yield "a string", b'"license"'
    yield "null", b"null"
    yield "cut short", good[:-1]
    yield "followed by more", good + b"{}"
    yield "followed by NUL", good + b"\x00"
    yield "with a byte order mark", b"\xef\xbb\xbf" + good
    yield "in UTF-16", good.decode("ascii").encode("utf-16-le")
    yield "with a byte that is not UTF-8", good.replace(b'":', b'\xff":', 1)
    yield "with a surrogate in UTF-8", good.replace(b'":', b'\xed\xa0\x80":', 1)
    yield "with a comment", b"/* */" + good
    yield "with a trailing comma", good[:-1] + b",}"
    yield "in single quotes", good.replace(b'"', b"'")
    yield "nested nine deep", good[:-1] + b',"x":' + b"[" * 8 + b"]" * 8 + b"}"
    yield "nested 2000 deep", b"[" * 2000 + b"]" * 2000
    yield "2000 brackets that never close", b'{"x":' * 300
