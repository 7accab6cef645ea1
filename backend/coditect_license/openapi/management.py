"""The calls of the office as OpenAPI writes them, from what hangs on the methods of its views."""

import re
from collections.abc import Iterator
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from rest_framework.serializers import BaseSerializer

from coditect_license.openapi.problem_responses import problem_responses
from coditect_license.openapi.references import in_components
from identity.errors import Forbidden, InvalidCredential, MissingCredential, MissingTenant
from leasing.errors import StoreUnavailable
from leasing.http.errors import BodyTooLarge, InvalidRequest, UnsupportedMediaType
from leasing.http.plane import InternalError
from management_api.calls import CALL, Call
from management_api.errors import (
    AnswerNotKept,
    IdempotencyKeyReused,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from management_api.fields import Names
from management_api.serializers import StrictSerializer
from soft_state.errors import RateLimited

_ALWAYS: Final = (
    MissingCredential,
    InvalidCredential,
    MissingTenant,
    Forbidden,
    RateLimited,
)
_DATABASE: Final = (StoreUnavailable, InternalError)
_IN_PATH: Final = re.compile(r"\{(\w+)\}")
_CURSOR: Final = {
    "type": ["string", "null"],
    "description": "The `cursor` of the next page; null on the last.",
}


class ManagementSchema(AutoSchema):
    """Describes a method by the :class:`Call` on it; a view without one as drf-spectacular does."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """Return the operation object of one method."""
        call = getattr(getattr(self.view, method.lower(), None), CALL, None)
        described: dict[str, Any] | None
        if call is None:
            described = super().get_operation(path, path_regex, path_prefix, method, registry)
            return described
        self.registry, self.path, self.path_regex = registry, path, path_regex
        self.path_prefix, self.method = path_prefix, method.upper()
        return self._described(call)

    def _described(self, call: Call) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": call.operation_id,
            "tags": [call.tag],
            "summary": call.summary,
            "description": call.description,
            "security": [{"bearer": []}],
        }
        if parameters := [*self._in_path(), *self._in_query(call), *_in_headers(call)]:
            described["parameters"] = parameters
        if call.body is not None:
            described["requestBody"] = self._request_body(call, call.body)
        problems = problem_responses(_problems(call, has_id="{" in self.path))
        described["responses"] = {str(call.status): self._answer(call), **problems}
        return described

    def _in_path(self) -> Iterator[dict[str, Any]]:
        for name in _IN_PATH.findall(self.path):
            schema = {"type": "string", "format": "uuid"}
            yield {"name": name, "in": "path", "required": True, "schema": schema}

    def _in_query(self, call: Call) -> Iterator[dict[str, Any]]:
        if call.query is None:
            return
        for name, schema in self._map_serializer(call.query, "request")["properties"].items():
            said = {"description": schema.pop("description")} if "description" in schema else {}
            yield {"name": name, "in": "query", **said, "schema": schema}

    def _request_body(self, call: Call, body: type[StrictSerializer]) -> dict[str, Any]:
        content = {"schema": self._reference(body, "request"), "example": call.example}
        required = any(field.required for field in body().fields.values())
        return {"required": required, "content": {"application/json": content}}

    def _answer(self, call: Call) -> dict[str, Any]:
        answer: dict[str, Any] = {"description": "Done.", "headers": _answer_headers(call)}
        if call.answer is not None:
            schema = self._reference(call.answer, "response")
            shown: Any = call.shown
            if call.is_list:
                schema, shown = _page(schema), {"results": [shown], "next": None}
            answer["content"] = {"application/json": {"schema": schema, "example": shown}}
        if call.text is not None:
            text = {"schema": {"type": "string"}, "example": call.text.example}
            answer.setdefault("content", {})[call.text.media_type] = text
        return answer

    def _reference(self, kind: type[BaseSerializer[Any]], direction: str) -> dict[str, Any]:
        resolve: Any = self.resolve_serializer
        reference: dict[str, Any] = resolve(kind, direction).ref
        return reference

    def _map_serializer(
        self,
        serializer: Any,
        direction: str,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002  its
    ) -> dict[str, Any]:
        map_serializer: Any = super()._map_serializer
        schema: dict[str, Any] = map_serializer(serializer, direction, bypass_extensions)
        kind = serializer if isinstance(serializer, type) else type(serializer)
        if issubclass(kind, StrictSerializer):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(
        self,
        field: Any,
        direction: str,
        bypass_extensions: bool = False,  # noqa: FBT001, FBT002  its
    ) -> dict[str, Any]:
        map_field: Any = super()._map_serializer_field
        schema: dict[str, Any] = map_field(field, direction, bypass_extensions)
        schema.pop("x-spec-enum-id", None)  # a mark for a hook that is not used
        if isinstance(field, Names):
            schema["uniqueItems"] = True
        return schema


def _problems(call: Call, *, has_id: bool) -> list[type[Exception]]:
    problems: list[type[Exception]] = []
    if call.body or call.query or call.is_once:
        problems.append(InvalidRequest)
    if call.body:
        problems += [BodyTooLarge, UnsupportedMediaType]
    problems += _ALWAYS
    if has_id:
        problems.append(NotFound)
    if call.if_match:
        problems.append(PreconditionFailed)
    if call.if_match == "required":
        problems.append(PreconditionRequired)
    if call.is_once:
        problems += [AnswerNotKept, IdempotencyKeyReused]
    return [*problems, *call.problems, *_DATABASE]


def _in_headers(call: Call) -> Iterator[dict[str, Any]]:
    if call.if_match == "required":
        yield in_components("parameters", "IfMatch")
    if call.if_match == "optional":
        yield in_components("parameters", "IfMatchOptional")
    if call.is_once:
        yield in_components("parameters", "IdempotencyKey")


def _answer_headers(call: Call) -> dict[str, Any]:
    headers = {"X-Request-ID": in_components("headers", "RequestId")}
    if call.answer is not None and not call.is_list:
        headers["ETag"] = in_components("headers", "ETag")
    if call.status == 201:
        headers["Location"] = in_components("headers", "Location")
    if call.is_once:
        headers["Idempotency-Replayed"] = in_components("headers", "IdempotencyReplayed")
    return headers


def _page(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"results": {"type": "array", "items": schema}, "next": _CURSOR},
        "required": ["results", "next"],
    }
