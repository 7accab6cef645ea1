"""The shapes of what goes in and out, from the types that read and write them."""

from dataclasses import fields
from typing import Any, Final, get_args

import msgspec

from coditect_license.openapi.references import in_components
from coditect_license.problems import PROBLEMS, TYPE_PREFIX
from coditect_license_token import KeyStatus, LicenseData
from leasing.errors import LossReason
from leasing.http.answers import LeaseAnswer, SessionAnswer
from leasing.http.bodies import MOST_METADATA_DEPTH, AcquireBody, HeartbeatBody
from leasing.http.errors import FieldError

Schema = dict[str, Any]

_TYPES: Final = (AcquireBody, HeartbeatBody, LeaseAnswer, SessionAnswer, FieldError)
_ANSWERS: Final = ("LeaseAnswer", "SessionAnswer", "Seats")
_TEXT: Final[Schema] = {"type": "string"}
_WITHOUT_NUL: Final = r"^[^\u0000]*$"
_COUNT: Final = {"type": "integer", "minimum": 0}
_SECONDS: Final = {"type": "integer", "minimum": 1}
_THUMBPRINT: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
_INSTANT: Final = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$",
}
_COMPACT_JWS: Final = {
    "type": "string",
    "pattern": r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
}

# A name means the same wherever it occurs (docs/glossary.md), so it is described once.
_MEMBERS: Final[dict[str, Schema]] = {
    "session_id": {"type": "string", "format": "uuid", "description": "The session."},
    "license_id": {"type": "string", "format": "uuid", "description": "The license."},
    "license_key": {**_TEXT, "description": "The licence key, as the caller wrote it."},
    "hardware_id": {**_TEXT, "description": "The device, as the caller wrote it."},
    "tier": {**_TEXT, "description": "What the license was sold as."},
    "state": {"enum": ["active", "ended"], "description": "Whether the session holds its seat."},
    "expires_at": {**_INSTANT, "description": "The license's end."},
    "signed_at": {**_INSTANT, "description": "When this was signed."},
    "started_at": {**_INSTANT, "description": "When the seat was granted."},
    "ended_at": {**_INSTANT, "description": "When the session ended; absent while it runs."},
    "end_reason": {"enum": list(get_args(LossReason)), "description": "Why the session ended."},
    "lease_expires_at": {**_INSTANT, "description": "The lease's end: a hint unless signed."},
    "heartbeat_interval_seconds": {**_SECONDS, "description": "How often to renew."},
    "next_heartbeat_in_seconds": {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "When to renew next; spread, so that many devices do not call at once.",
    },
    "instances": {
        "type": "array",
        "items": _TEXT,
        "description": "The live instances of the device that gave themselves a name.",
    },
    "total": {**_COUNT, "description": "The seats of the license."},
    "in_use": {**_COUNT, "description": "The seats held now."},
    "seats": in_components("schemas", "Seats"),
    "license_data": in_components("schemas", "LicenseData"),
    "license_token": {
        **_COMPACT_JWS,
        "description": "The lease, signed: this device may run until its `exp`.",
    },
    "delegation": {
        **_COMPACT_JWS,
        "description": "The root's word for the key of `license_token`; absent when the caller "
        "named that key as `known_kid`.",
    },
    "key_id": {**_THUMBPRINT, "description": "The root key that signed (RFC 7638)."},
    "signature": {
        "type": "string",
        "pattern": "^[A-Za-z0-9+/]{683}=$",
        "description": "Over the UTF-8 of the canonical JSON of all other members but "
        "`signature_algorithm`.",
    },
    "signature_algorithm": {
        "const": "RSA_SIGN_PKCS1_4096_SHA256",
        "description": "To be compared with the key's, never to choose one by.",
    },
}


def component_schemas() -> dict[str, Schema]:
    """Return the schema components of the leasing plane and of problems."""
    _, read = msgspec.json.schema_components(_TYPES, ref_template="#/components/schemas/{name}")
    schemas = {name: _without_title(schema) for name, schema in read.items()}
    for name in _ANSWERS:
        schemas[name]["properties"] = _members(*schemas[name]["properties"])
    schemas["AcquireBody"]["properties"]["metadata"] = _metadata()
    return {
        **schemas,
        "LicenseData": _license_data(),
        "Jwk": _exact(_jwk_members(), "A public key (RFC 7517)."),
        "PublishedKey": _exact(_published_key_members(), "A root key, with its status."),
        "Jwks": _jwks(),
        "KeySet": _key_set(),
        "KeySetEdition": _edition(),
        "Health": _health(),
        "Problem": _problem(),
        "OpenApiDocument": {"type": "object", "required": ["openapi", "info", "paths"]},
        "Page": {"type": "string"},
    }


def _without_title(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "title"}


def _members(*names: str) -> dict[str, Schema]:
    return {name: _MEMBERS[name] for name in names}


def _open(properties: dict[str, Schema], description: str) -> Schema:
    """Return an object whose members are all there; later versions may add some."""
    required = list(properties)
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
    }


def _exact(properties: dict[str, Schema], description: str) -> Schema:
    """Return an object that has these members and never another."""
    return {**_open(properties, description), "additionalProperties": False}


def _metadata() -> Schema:
    """Return an object of at most four levels, itself the first."""
    scalar: Schema = {"type": ["string", "number", "boolean", "null"], "pattern": _WITHOUT_NUL}
    value = scalar
    for _ in range(MOST_METADATA_DEPTH - 1):
        value = {"anyOf": [scalar, {"type": "array", "items": value}, _object_of(value)]}
    described = "Kept with the session; at most 4 KiB of JSON, 4 levels deep, without NUL."
    return {**_object_of(value), "description": described, "default": {}}


def _object_of(value: Schema) -> Schema:
    names = {"pattern": _WITHOUT_NUL}
    return {"type": "object", "propertyNames": names, "additionalProperties": value}


def _license_data() -> Schema:
    signed = [field.name for field in fields(LicenseData)]
    return _exact(
        _members(*signed, "signature", "signature_algorithm"),
        "This license was granted to this session, signed by the root key "
        "(docs/token-format.md). Every value is printable ASCII.",
    )


def _jwk_members() -> dict[str, Schema]:
    return {
        "kty": {"const": "RSA"},
        "n": {"type": "string", "pattern": "^[A-Za-z0-9_-]{683}$"},
        "e": {"const": "AQAB"},
        "kid": {**_THUMBPRINT, "description": "The key's thumbprint (RFC 7638)."},
        "alg": {"const": "RS256"},
        "use": {"const": "sig"},
    }


def _published_key_members() -> dict[str, Schema]:
    return {
        **_jwk_members(),
        "status": {"enum": [status.value for status in KeyStatus]},
        "pem": {**_TEXT, "description": "The same key as PEM (SubjectPublicKeyInfo)."},
    }


def _jwks() -> Schema:
    keys = {"type": "array", "items": in_components("schemas", "Jwk")}
    return _open({"keys": keys}, "Every root key but the revoked (RFC 7517).")


def _key_set() -> Schema:
    signed = {
        **_COMPACT_JWS,
        "description": "The key set, signed by the oldest root that signs; believe this.",
    }
    editions = {
        "type": "array",
        "items": in_components("schemas", "KeySetEdition"),
        "minItems": 1,
        "description": "The same key set once for each root that signs, oldest first.",
    }
    links = {
        "type": "array",
        "items": _COMPACT_JWS,
        "description": "Key sets in which each former root names the next, oldest first.",
    }
    members: dict[str, Schema] = {
        "keyset": signed,
        "editions": editions,
        "links": links,
        "version": {**_SECONDS, "description": "Grows with every change."},
        "keys": {"type": "array", "items": in_components("schemas", "PublishedKey")},
    }
    return _open(members, "The root keys. The plain members repeat what the signed one says.")


def _edition() -> Schema:
    members: dict[str, Schema] = {
        "kid": {**_TEXT, "description": "The root that signed both."},
        "keyset": {**_COMPACT_JWS, "description": "The key set."},
        "revocations": {**_COMPACT_JWS, "description": "What counts no more, of one version."},
    }
    return _exact(members, "The key set and its revocation list, as one root signed them.")


def _health() -> Schema:
    return _exact({"status": {"enum": ["ok", "unavailable"]}}, "Whether this process can serve.")


def _problem() -> Schema:
    codes = list(dict.fromkeys(kind.code for kind in PROBLEMS.values()))
    always: dict[str, Schema] = {
        "type": {"enum": [TYPE_PREFIX + code for code in codes]},
        "title": _TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": _TEXT,
        "error": {"enum": codes, "description": "The stable code."},
        "message": {**_TEXT, "description": "The same as `detail`."},
        "request_id": {**_TEXT, "description": "As in the log and in `X-Request-ID`."},
    }
    problem = _open(always, "What went wrong (RFC 9457).")
    problem["properties"] = {
        **always,
        "errors": {"type": "array", "items": in_components("schemas", "FieldError")},
        "seats": in_components("schemas", "Seats"),
        "retry_after_seconds": {**_SECONDS, "description": "As in `Retry-After`."},
        "reason": {"enum": list(get_args(LossReason)), "description": "Why the lease is lost."},
    }
    return problem
