"""GET and DELETE /api/v1/licenses/sessions/{session_id}/"""

from urllib.parse import parse_qs

from leasing.http.admission import Leases
from leasing.http.answers import json_response, session_answer
from leasing.http.bodies import read_instance_id
from leasing.http.credentials import Door
from leasing.http.errors import FieldError, InvalidRequest
from leasing.http.messages import Request, Response
from leasing.rules import UNNAMED
from leasing.store import Inspect, Release


class SessionEndpoint:
    """Shows a session, and ends it."""

    def __init__(self, engine: Leases, door: Door) -> None:
        self._engine = engine
        self._door = door

    async def get(self, request: Request, session_id: str) -> Response:
        """Answer 200 with the state of a session, also after its end."""
        caller = await self._door.reading_caller(request)
        return json_response(
            session_answer(await self._engine.inspect(Inspect(caller, session_id)))
        )

    async def delete(self, request: Request, session_id: str) -> Response:
        """Answer 204: the session, or the instance named in the query, holds nothing now."""
        instance_id = _instance_id(request.query_string)
        caller = await self._door.leasing_caller(request)
        await self._engine.release(Release(caller, session_id, instance_id))
        return Response(204, outcome="released")


def _instance_id(query_string: bytes) -> str:
    """Return the instance named in a query, or the unnamed one. Raises InvalidRequest."""
    try:
        query = parse_qs(query_string.decode("ascii"), keep_blank_values=True, max_num_fields=8)
    except (UnicodeDecodeError, ValueError):
        raise _invalid("", "malformed_query", "the query cannot be read") from None
    if unknown := set(query) - {"instance_id"}:
        raise _invalid(min(unknown)[:64], "unknown_field", "the query has an unknown field")
    values = query.get("instance_id", [])
    if len(values) > 1:
        raise _invalid("instance_id", "duplicate_member", "instance_id may be there once")
    return read_instance_id(values[0]) if values else UNNAMED


def _invalid(field: str, code: str, message: str) -> InvalidRequest:
    shown = "".join(letter if " " <= letter <= "~" else "?" for letter in field)
    return InvalidRequest(FieldError(shown, code, message))
