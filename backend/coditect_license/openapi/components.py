"""Everything the operations point to: schemas, parameters, headers, links, credentials."""

from typing import Any, Final

from coditect_license.openapi.problem_responses import problem_examples
from coditect_license.openapi.schemas import component_schemas

_SECURITY_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An identity token of a trusted issuer.",
    },
    "licenseKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`License ` and the licence key, where the license's policy says "
        "`key_auth`. Acquire and heartbeat take the key in the body as well.",
    },
}
_PARAMETERS: Final = {
    "SessionId": {
        "name": "session_id",
        "in": "path",
        "required": True,
        "description": "The session, as acquire named it.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "InstanceId": {
        "name": "instance_id",
        "in": "query",
        "description": "Only this instance's share; without it the whole session ends.",
        "schema": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "pattern": "^[ -~]*$",
        },
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The `ETag` last read, or `*` for whatever is there.",
        "schema": {"type": "string", "examples": ["*"]},
    },
    "IfMatchOptional": {
        "name": "If-Match",
        "in": "header",
        "description": "The `ETag` last read; without it the call is made on whatever is there.",
        "schema": {"type": "string", "examples": ["*"]},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "A random text of the caller's own. For 24 hours the same call with the same key is "
            "answered as the first was and done once; another call with it is refused."
        ),
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
    "Format": {
        "name": "format",
        "in": "query",
        "description": "Wins over `Accept`; without both the answer is YAML.",
        "schema": {"enum": ["json", "yaml"]},
    },
}
_HEADERS: Final = {
    "RequestId": {
        "description": "Names this request in the server's log.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    },
    "RetryAfter": {
        "description": "Seconds after which the same call makes sense again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimitPolicy": {
        "description": (
            "The limit that refused the call: its name, calls (`q`) and seconds (`w`). "
            "draft-ietf-httpapi-ratelimit-headers-11, section 3."
        ),
        "schema": {"type": "string", "pattern": '^"[a-z]+";q=[0-9]+;w=60$'},
    },
    "RateLimit": {
        "description": "What is left of it (`r`) for how many seconds (`t`); section 4.",
        "schema": {"type": "string", "pattern": '^"[a-z]+";r=0;t=[0-9]+$'},
    },
    "ETag": {
        "description": "Names the state that was read; a change names it in `If-Match`.",
        "schema": {"type": "string", "pattern": '^"[A-Za-z0-9_-]{22}"$'},
    },
    "Location": {
        "description": "Where the new thing is.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "IdempotencyReplayed": {
        "description": "`true` where an earlier call with the same key has done this.",
        "schema": {"const": "true"},
    },
    "Allow": {
        "description": "The methods that this address takes.",
        "schema": {"type": "string"},
    },
    "WwwAuthenticate": {
        "description": "The schemes that `Authorization` takes here.",
        "schema": {"type": "string"},
    },
}


def components() -> dict[str, dict[str, Any]]:
    """Return the components of the leasing plane, by kind and name."""
    return {
        "schemas": component_schemas(),
        "securitySchemes": _SECURITY_SCHEMES,
        "parameters": _PARAMETERS,
        "headers": _HEADERS,
        "examples": problem_examples(),
        "links": {
            "renew": _with_session("renew_lease", "Keep the seat."),
            "read": _with_session("read_session", "Look at the session."),
            "release": _with_session("release_seat", "Give the seat back."),
        },
    }


def _with_session(operation_id: str, description: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "parameters": {"session_id": "$response.body#/session_id"},
        "description": description,
    }
