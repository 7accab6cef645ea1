"""What goes over the wire, as values: a call, an answer, and who carries them."""

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from coditect_license_sdk.errors import ServerFault


class Deed(enum.Enum):
    """What a call asks of the server."""

    ACQUIRE = "acquire"
    HEARTBEAT = "heartbeat"
    RELEASE = "release"
    KEYS = "keys"
    HEALTH = "health"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `nonce` is what the signed part of its answer must repeat."""

    deed: Deed
    method: str
    path: str
    query: Mapping[str, str]
    body: Mapping[str, object] | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response, as it came: nothing in it is trusted yet. Header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Transport(Protocol):
    """Carries one call to the server and its answer back, without retrying."""

    def send(self, call: Call, *, authorization: str | None) -> Answer:
        """Return the answer, whatever its status; raise ServerUnreachable when none came."""

    def close(self) -> None:
        """Give up what is held open."""


class AsyncTransport(Protocol):
    """The same for asyncio."""

    async def send(self, call: Call, *, authorization: str | None) -> Answer:
        """Return the answer, whatever its status; raise ServerUnreachable when none came."""

    async def close(self) -> None:
        """Give up what is held open."""


def read_object(answer: Answer) -> dict[str, Any]:
    """Read the body as one JSON object, or raise ServerFault.

    Unknown members are kept: the contract may grow.
    """
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ServerFault(f"an answer ({answer.status}) that is not JSON") from error
    if not isinstance(document, dict):
        raise ServerFault(f"an answer ({answer.status}) that is not a JSON object")
    return document


def read_text(document: Mapping[str, Any], name: str) -> str:
    """Give a member that must be a non-empty string, or raise ServerFault."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise ServerFault(f"an answer without {name}")
    return value


def read_seconds(document: Mapping[str, Any], name: str) -> float:
    """Give a member that must be a finite number >= 0, or raise ServerFault."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ServerFault(f"an answer without a usable {name}")
    return float(value)
