"""What a load generator's connections say: the same requests again, fresh devices, or pairs."""

import itertools
import secrets
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

DEVICE: Final = b"@device-number@@"
"""Stands in a template where each request gets a device nobody had before; 16 characters."""

SESSION: Final = b"@the-session-of-the-last-answer@@@@@"
"""Stands in a template where the session id of the answer before goes; 36 characters."""

_SESSION_MEMBER: Final = b'"session_id":"'

Line = tuple[bytes, int]
"""A request, and the only status that is right for it."""


class Repeat(Struct, frozen=True, tag=True):
    """Each connection sends its share of the requests, over and over."""

    requests: list[bytes]
    status: int = 200

    def lines(self, number: int, connections: int) -> "Monologue":
        """Return what one connection says."""
        share = self.requests[number::connections] or self.requests
        return Monologue((request, self.status) for request in itertools.cycle(share))


class Fresh(Struct, frozen=True, tag=True):
    """Each request of a template is sent for a device nobody had before."""

    templates: list[bytes]
    status: int = 201

    def lines(self, number: int, _connections: int) -> "Monologue":
        """Return what one connection says."""
        template = self.templates[number % len(self.templates)]
        return Monologue((request, self.status) for request in _for_fresh_devices(template))


class Pairs(Struct, frozen=True, tag=True):
    """A fresh device acquires (201) and gives the seat back at once (204)."""

    acquires: list[bytes]
    release: bytes

    def lines(self, number: int, _connections: int) -> "Dialogue":
        """Return what one connection says."""
        return Dialogue(self.acquires[number % len(self.acquires)], self.release)


class Monologue:
    """Requests that do not depend on answers."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines

    def after(self, _answer: bytes) -> Line:
        """Return the next request."""
        return next(self._lines)


class Dialogue:
    """Acquires and releases in turn; a release names the session of the acquire before it."""

    def __init__(self, acquire: bytes, release: bytes) -> None:
        self._acquires = _for_fresh_devices(acquire)
        self._release = release
        self._holds_seat = False

    def after(self, answer: bytes) -> Line:
        """Return the next request."""
        if self._holds_seat:
            self._holds_seat = False
            return self._release.replace(SESSION, session_of(answer)), 204
        self._holds_seat = True
        return next(self._acquires), 201


def session_of(answer: bytes) -> bytes:
    """Return the session id in the answer to an acquire. Raises ValueError without one."""
    start = answer.index(_SESSION_MEMBER) + len(_SESSION_MEMBER)
    return answer[start : start + len(SESSION)]


def _for_fresh_devices(template: bytes) -> Iterator[bytes]:
    fleet = secrets.token_hex(4)
    for number in itertools.count():
        yield template.replace(DEVICE, f"{fleet}{number:08x}".encode())
