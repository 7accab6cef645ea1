"""The bodies of the contract, and how they are read: strictly.

Refused are duplicate members, numbers that JSON does not know, unknown fields, and text that is
not printable ASCII where the contract asks for that.
"""

import json
import math
import re
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

import msgspec
from msgspec import Meta, Struct

from leasing.http.errors import FieldError, InvalidRequest

# ``$`` would let a line feed at the end pass in Python; this end means the end everywhere.
_PRINTABLE: Final = r"^[ -~]*(?![\s\S])"

LicenseKeyText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        pattern=_PRINTABLE,
        description="The licence key, in any spelling.",
        examples=["CDT1-0123K-5TYWF-QG4M9-N8ZXA-RJDV2-7C1HB"],
    ),
]
HardwareId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=256,
        pattern=_PRINTABLE,
        description="What tells this device from others; the SDK sends a hash.",
        examples=["laptop-7"],
    ),
]
InstanceId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=_PRINTABLE,
        description="One of several programs on the device, which share its seat.",
    ),
]
Nonce = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=_PRINTABLE,
        description="Comes back signed in the license_token.",
    ),
]
KeyId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=_PRINTABLE,
        description="The signing key whose delegation the caller has already.",
    ),
]
Document = Annotated[str, Meta(min_length=1, max_length=8192, pattern=_PRINTABLE)]
Proof = Literal["license_data", "license_token"]

MOST_METADATA_BYTES: Final = 4096
MOST_METADATA_DEPTH: Final = 4


class AcquireBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Take a seat of a license for a device."""

    license_key: LicenseKeyText
    hardware_id: HardwareId
    instance_id: InstanceId | None = None
    proofs: Annotated[
        list[Proof], Meta(min_length=1, max_length=2, description="Default: both.")
    ] = msgspec.field(default_factory=lambda: ["license_data", "license_token"])
    nonce: Nonce | None = None
    known_kid: KeyId | None = None
    metadata: Annotated[
        dict[str, Any],
        Meta(description="Kept with the session; at most 4 KiB of JSON, 4 levels deep."),
    ] = msgspec.field(default_factory=dict)


class HeartbeatBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Renew a session, or one instance's share of it."""

    instance_id: InstanceId | None = None
    nonce: Nonce | None = None
    known_kid: KeyId | None = None
    license_token: (
        Annotated[Document, Meta(description="The last one, for a session that was not found.")]
        | None
    ) = None
    delegation: (
        Annotated[Document, Meta(description="Of the key that signed `license_token`.")] | None
    ) = None
    license_key: LicenseKeyText | None = None


_Body = TypeVar("_Body", AcquireBody, HeartbeatBody)


def read_body(body: bytes, kind: type[_Body]) -> _Body:
    """Return a body as its type. Raises InvalidRequest; unknown bytes never get further."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise _invalid("", "wrong_type", "the body must be a JSON object")
    _check_text(value)
    try:
        read = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequest(_field_error(str(error))) from None
    except UnicodeEncodeError:
        raise _invalid("", "bad_characters", "the body has half a surrogate pair") from None
    if isinstance(read, AcquireBody):
        _check_metadata(read.metadata)
    return read


def read_instance_id(text: str) -> str:
    """Return an instance id that stands outside a body. Raises InvalidRequest."""
    return read_body(msgspec.json.encode({"instance_id": text}), HeartbeatBody).instance_id or ""


def encode_metadata(metadata: dict[str, Any]) -> str:
    """Return metadata as it is stored."""
    return msgspec.json.encode(metadata).decode() if metadata else "{}"


def parse_json(body: bytes) -> object:
    """Return what JSON text says. Raises InvalidRequest for what other readers might understand
    otherwise: a member twice, NaN, a number beyond doubles.
    """
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except InvalidRequest:
        raise
    except (ValueError, RecursionError):
        raise _invalid("", "malformed_json", "the body is not valid JSON") from None


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _invalid("", "duplicate_member", "a JSON object has a member twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise _invalid("", "malformed_json", f"{name} is not JSON")


def _finite(digits: str) -> float:
    """Return a number; one beyond the range of doubles would turn into infinity, then null."""
    number = float(digits)
    if not math.isfinite(number):
        raise _invalid("", "out_of_range", "a number is beyond the range of doubles")
    return number


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique_members, parse_constant=_refuse_constant, parse_float=_finite
)


def _check_text(members: dict[str, Any]) -> None:
    """Refuse halves of surrogate pairs: no encoding has them."""
    for name, value in members.items():
        if isinstance(value, str) and not value.isascii():
            raise _invalid(shown(name), "bad_characters", "only printable ASCII is allowed")


def _check_metadata(metadata: dict[str, Any]) -> None:
    if not metadata:
        return
    if is_deeper(metadata, MOST_METADATA_DEPTH):
        raise _invalid("metadata", "too_deep", "metadata may be 4 levels deep")
    try:
        size = len(msgspec.json.encode(metadata))
    except (UnicodeEncodeError, ValueError, OverflowError):
        raise _invalid(
            "metadata", "bad_characters", "metadata has text or numbers that cannot be kept"
        ) from None
    if size > MOST_METADATA_BYTES:
        raise _invalid("metadata", "too_long", "metadata may have 4096 bytes")
    if _has_nul(metadata):
        raise _invalid("metadata", "bad_characters", "metadata may not contain NUL")


def is_deeper(value: object, most: int) -> bool:
    """Tell whether a value nests more than ``most`` levels, looking no further than that."""
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return most == 0 or any(is_deeper(member, most - 1) for member in members)


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_has_nul(member) for member in value)
    return isinstance(value, str) and "\0" in value


_CODES: Final = (
    (re.compile(r"missing required field `(?P<field>[^`]*)`"), "missing", "is required"),
    (re.compile(r"contains unknown field `(?P<field>[^`]*)`"), "unknown_field", "is not known"),
    (re.compile(r"of length >= "), "too_short", "must not be empty"),
    (re.compile(r"of length <= (?P<most>\d+)"), "too_long", "may have at most {most} characters"),
    (re.compile(r"matching regex"), "bad_characters", "may hold only printable ASCII"),
    (re.compile(r"Invalid enum value"), "not_allowed", "is not one of the allowed values"),
    (re.compile(r"Expected `(?P<kind>[^`]*)`"), "wrong_type", "must be {kind}"),
)
_PATH: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def _field_error(message: str) -> FieldError:
    """Return the field and the stable code of what msgspec found first."""
    path = _PATH.search(message)
    field = path["path"] if path else ""
    for pattern, code, says in _CODES:
        if found := pattern.search(message):
            field = found.groupdict().get("field") or field
            said = says.format(**found.groupdict())
            return FieldError(shown(field), code, f"{shown(field)} {said}".strip())
    return FieldError(shown(field), "invalid", "the body is not of the contract's form")


def _invalid(field: str, code: str, message: str) -> InvalidRequest:
    return InvalidRequest(FieldError(field, code, message))


def shown(name: str) -> str:
    """Return a member's name as it may be repeated: short, printable."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in name[:64])
