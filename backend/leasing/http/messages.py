"""ASGI in and out: a request with its body, a response ready to send."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from msgspec import Struct

from foundation.request_facts import CUT_OFF, RequestFacts, begin_request
from leasing.http.errors import BodyTooLarge, FieldError, InvalidRequest, UnsupportedMediaType

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MOST_BODY_BYTES: Final = 65_536
_MOST_DROPPED_BYTES: Final = 16 * 2**20
JSON: Final = b"application/json"
_AS_IT_IS: Final = frozenset({None, b"identity"})
PROBLEM_JSON: Final = b"application/problem+json"


class Response(Struct, frozen=True, gc=False):
    """A status, a body and what the headers say about it.

    ``outcome`` is one word for the log: what came of the request, or a problem's stable code.
    """

    status: int
    body: bytes = b""
    media_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()
    outcome: str = "answered"


class Request:
    """One request; its body is read when asked for."""

    def __init__(self, scope: Scope, receive: Receive, facts: RequestFacts | None = None) -> None:
        self.scope = scope
        self._receive = receive
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._by_name = dict(self._headers)
        self._has_doubles = len(self._by_name) != len(self._headers)
        self.facts = facts or begin_request(self.header(b"x-request-id"), self.traceparent)

    @property
    def request_id(self) -> str:
        """What the request is called, in its answer and in the log."""
        return self.facts.request_id

    @property
    def traceparent(self) -> bytes | None:
        """The header of W3C Trace Context, as the caller sent it."""
        return self.header(b"traceparent")

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return str(self.scope["method"])

    @property
    def query_string(self) -> bytes:
        """The query, not decoded."""
        return bytes(self.scope["query_string"])

    def header(self, name: bytes) -> bytes | None:
        """Return the one value of a header, by its lower-case name; None without or with two."""
        if self._has_doubles and self.count(name) > 1:
            return None
        return self._by_name.get(name)

    def count(self, name: bytes) -> int:
        """Return how often a header is there."""
        if self._has_doubles:
            return sum(key == name for key, _ in self._headers)
        return int(name in self._by_name)

    async def body(self) -> bytes:
        """Return the whole body, which says that it is JSON.

        Raises the errors of ``any_body``, and UnsupportedMediaType. Receives nothing when no body
        was announced: most heartbeats have none.
        """
        if not self._announces_body():
            return b""
        body = await self.any_body()
        if body and not self.says_json():
            raise UnsupportedMediaType("the body must be application/json")
        return body

    async def any_body(self) -> bytes:
        """Return the whole body, of any type.

        Raises BodyTooLarge for more than 64 KiB, UnsupportedMediaType for a compressed one, which
        nobody unpacks here, and InvalidRequest for one that breaks off.
        """
        if self.header(b"content-encoding") not in _AS_IT_IS or self.count(b"content-encoding") > 1:
            raise UnsupportedMediaType("a body must not be compressed")
        if self._is_announced_too_large():
            raise await self._too_large(is_all_read=False)
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body") and len(body) <= MOST_BODY_BYTES:
            message = await self._receive()
            body += message.get("body", b"")
        if len(body) > MOST_BODY_BYTES:
            raise await self._too_large(is_all_read=not message.get("more_body"))
        if message["type"] == "http.disconnect":
            self.facts.outcome = CUT_OFF
            raise InvalidRequest(FieldError("", "incomplete", "the body breaks off"))
        return body

    def _announces_body(self) -> bool:
        """Tell whether there is a body at all (RFC 9112, section 6.3)."""
        return self.count(b"content-length") + self.count(b"transfer-encoding") > 0

    def _is_announced_too_large(self) -> bool:
        length = self.header(b"content-length") or b""
        return length.isdigit() and int(length) > MOST_BODY_BYTES

    async def _too_large(self, *, is_all_read: bool) -> BodyTooLarge:
        """Return the refusal, once what the caller still sends is read and dropped.

        A connection closed with bytes unread is reset, and the answer is lost with it. Whoever
        waits to be asked for the body sends none.
        """
        dropped = 0
        while not is_all_read and dropped <= _MOST_DROPPED_BYTES and not self.count(b"expect"):
            message = await self._receive()
            dropped += len(message.get("body", b""))
            is_all_read = not message.get("more_body")
        return BodyTooLarge("the body has more than 65536 bytes")

    def says_json(self) -> bool:
        """Tell whether the body says that it is JSON, in whatever charset."""
        media_type = self.header(b"content-type") or b""
        return media_type == JSON or media_type.split(b";")[0].strip().lower() == JSON


async def send_response(response: Response, send: Send, request_id: str) -> None:
    """Send a response with the headers that every answer has."""
    headers = [
        (b"content-type", response.media_type),
        (b"content-length", str(len(response.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id.encode()),
        *response.headers,
    ]
    if response.status == 204:
        del headers[:2]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
