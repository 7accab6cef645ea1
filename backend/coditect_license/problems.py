"""The one table from errors of the domain to what a caller sees (RFC 9457).

``error`` is the stable code and ``message`` equals ``detail``: the first clients read those two.
The text of an exception never leaves; every sentence a caller can see is written here.
"""

import math
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Struct

from foundation.clock import rfc3339
from identity import errors as identity
from leasing import errors as leasing
from leasing.http import errors as http
from leasing.http.messages import PROBLEM_JSON, Response
from leasing.http.plane import InternalError
from licenses import errors as licenses
from management_api import errors as management
from signing import errors as signing
from soft_state.errors import RateLimited
from soft_state.rules import WINDOW_SECONDS
from tenants import errors as tenants

TYPE_PREFIX: Final = "urn:coditect:license:problem:"
_ENCODER: Final = msgspec.json.Encoder()
_UNAVAILABLE_RETRY_SECONDS: Final = 2


class Kind(Struct, frozen=True):
    """How one kind of error looks: status, stable code, title and sentence."""

    status: int
    code: str
    title: str
    detail: str
    extras: Callable[[Any], dict[str, Any]] = lambda _: {}


def _retry(
    error: signing.SigningUnavailable | leasing.Overloaded | identity.IssuerUnavailable,
) -> dict[str, Any]:
    return {"retry_after_seconds": error.retry_after_seconds}


def _seats(error: leasing.SeatsExhausted) -> dict[str, Any]:
    return {
        "seats": {"total": error.total, "in_use": error.in_use},
        "retry_after_seconds": error.retry_after_seconds,
    }


def _personal_cap(error: leasing.PersonalCapReached) -> dict[str, Any]:
    return {"personal_cap": error.cap}


def _wait(error: RateLimited) -> dict[str, Any]:
    return {"retry_after_seconds": max(1, math.ceil(error.wait_seconds))}


def _fields(error: http.InvalidRequest) -> dict[str, Any]:
    return {"errors": [msgspec.to_builtins(field) for field in error.errors]}


def _field(field: str, code: str, message: str) -> Callable[[Any], dict[str, Any]]:
    return lambda _: {"errors": [{"field": field, "code": code, "message": message}]}


PROBLEMS: Final[dict[type[Exception], Kind]] = {
    http.InvalidRequest: Kind(
        400, "invalid_request", "Invalid request", "The request is not valid.", _fields
    ),
    leasing.TooManyInstances: Kind(
        400, "invalid_request", "Too many instances", "Too many instances share this device's seat."
    ),
    leasing.TooMuchHistory: Kind(
        400,
        "invalid_request",
        "Too much history",
        "Too many sessions began or ended then: ask about a shorter time, or about one license.",
    ),
    identity.MissingCredential: Kind(
        401, "missing_auth", "Credential required", "This call needs a credential."
    ),
    identity.InvalidCredential: Kind(
        401, "invalid_token", "Invalid credential", "The credential is not valid."
    ),
    identity.MissingTenant: Kind(
        403, "missing_tenant", "No tenant", "The credential belongs to no tenant here."
    ),
    identity.Forbidden: Kind(
        403, "forbidden", "Forbidden", "The credential does not allow this call."
    ),
    identity.MemberUnknown: Kind(404, "not_found", "Not found", "There is no such thing here."),
    identity.MemberExists: Kind(
        409, "already_exists", "Already exists", "This e-mail address is a member's already."
    ),
    identity.LastOwner: Kind(
        409, "last_owner", "Last owner", "A tenant keeps one active owner at least."
    ),
    identity.InvalidEmail: Kind(
        400,
        "invalid_request",
        "Invalid address",
        "The request is not valid.",
        _field("email", "invalid", "an e-mail address is name@host.domain in ASCII"),
    ),
    identity.ServiceAccountUnknown: Kind(
        404, "not_found", "Not found", "There is no such thing here."
    ),
    identity.ServiceAccountExists: Kind(
        409, "already_exists", "Already exists", "Another service account has this name."
    ),
    identity.ApiTokenUnknown: Kind(404, "not_found", "Not found", "There is no such thing here."),
    identity.TooManyApiTokens: Kind(
        409, "too_many_tokens", "Too many tokens", "Two tokens count already: rotate or revoke one."
    ),
    identity.InvalidLifetime: Kind(
        400,
        "invalid_request",
        "Invalid lifetime",
        "The request is not valid.",
        _field("lifetime_seconds", "out_of_bounds", "a lifetime or overlap is out of bounds"),
    ),
    licenses.LicenseExpired: Kind(
        403, "license_expired", "License expired", "The license has expired."
    ),
    licenses.LicenseSuspended: Kind(
        403, "license_suspended", "License suspended", "The license is suspended."
    ),
    licenses.LicenseRevoked: Kind(
        403, "license_revoked", "License revoked", "The license was revoked."
    ),
    licenses.MessageUnknown: Kind(404, "not_found", "Not found", "There is no such thing here."),
    leasing.BorrowingOff: Kind(
        403,
        "borrowing_off",
        "Borrowing is off",
        "The license lends no seats: offline_seconds of its policy is 0.",
    ),
    leasing.LoanTooLong: Kind(
        403,
        "loan_too_long",
        "Loan too long",
        "The license lends its seats for a shorter time: see offline_seconds of its policy.",
        lambda error: {"longest_seconds": error.longest_seconds},
    ),
    leasing.LicenseUnknown: Kind(404, "not_found", "Not found", "There is no such thing here."),
    leasing.SessionUnknown: Kind(404, "not_found", "Not found", "There is no such thing here."),
    http.UnknownPath: Kind(404, "not_found", "Not found", "There is no such thing here."),
    management.NotFound: Kind(404, "not_found", "Not found", "There is no such thing here."),
    http.MethodNotAllowed: Kind(
        405, "method_not_allowed", "Method not allowed", "This address takes other methods."
    ),
    leasing.SeatsExhausted: Kind(
        409, "seats_exhausted", "No seat free", "All seats of the license are in use.", _seats
    ),
    leasing.SeatBorrowed: Kind(
        409,
        "seat_borrowed",
        "Seat borrowed",
        "The seat was lent as a file, which cannot be taken back before its end.",
        lambda error: {"borrowed_until": rfc3339(error.until)},
    ),
    leasing.PersonalCapReached: Kind(
        409,
        "personal_cap_reached",
        "Personal cap reached",
        "You hold as many seats of the license as one person may; release one of them first.",
        _personal_cap,
    ),
    licenses.ProductCodeTaken: Kind(
        409, "already_exists", "Product code taken", "There is a product of that code already."
    ),
    licenses.TierCodeTaken: Kind(
        409, "already_exists", "Tier code taken", "There is a tier of that code already."
    ),
    licenses.ProductArchived: Kind(
        409, "product_archived", "Product archived", "The product is sold no more."
    ),
    licenses.RevokedForGood: Kind(
        409,
        "revoked_for_good",
        "Revoked for good",
        "A revoked license stays as it is; issue a new one.",
    ),
    licenses.EndNotLater: Kind(
        409,
        "end_not_later",
        "End not later",
        "A renewal moves the license's end on, and into the future.",
    ),
    tenants.TenantSlugTaken: Kind(
        409, "already_exists", "Tenant slug taken", "There is a tenant of that slug already."
    ),
    management.AnswerNotKept: Kind(
        409,
        "answer_not_kept",
        "Answer not kept",
        "The call was done before and is not done again; its answer can no longer be read.",
    ),
    leasing.LeaseLost: Kind(
        410,
        "lease_lost",
        "Lease lost",
        "The session has ended; acquire a seat anew.",
        lambda error: {"reason": error.reason},
    ),
    management.PreconditionFailed: Kind(
        412,
        "precondition_failed",
        "Changed meanwhile",
        "It is no longer as If-Match says; read it again. Nothing was changed.",
    ),
    http.BodyTooLarge: Kind(
        413, "body_too_large", "Body too large", "The body may have at most 65536 bytes."
    ),
    http.UnsupportedMediaType: Kind(
        415, "unsupported_media_type", "Unsupported media type", "The body must be JSON."
    ),
    management.IdempotencyKeyReused: Kind(
        422,
        "idempotency_key_reused",
        "Idempotency key reused",
        "The Idempotency-Key stood over another request; a new request takes a new key.",
    ),
    management.PreconditionRequired: Kind(
        428,
        "precondition_required",
        "Precondition required",
        "A change names the state it changes: If-Match with the ETag last read.",
    ),
    RateLimited: Kind(
        429,
        "rate_limited",
        "Too many calls",
        "This caller's quota is used up for now; nothing was changed, and a held lease stays good.",
        _wait,
    ),
    http.HeadTooLarge: Kind(
        431,
        "head_too_large",
        "Address and headers too large",
        "Address and headers may have at most 32768 bytes, and there may be 100 headers.",
    ),
    InternalError: Kind(
        500, "internal_error", "Internal error", "Something failed; the log has the request id."
    ),
    leasing.StoreUnavailable: Kind(
        503,
        "store_unavailable",
        "Ledger unavailable",
        "The ledger cannot be reached; repeating the call is safe.",
        lambda _: {"retry_after_seconds": _UNAVAILABLE_RETRY_SECONDS},
    ),
    identity.IssuerUnavailable: Kind(
        503,
        "issuer_unavailable",
        "Issuer unavailable",
        "The keys of the token's issuer cannot be had now; repeating the call is safe.",
        _retry,
    ),
    signing.SigningUnavailable: Kind(
        503,
        "signing_unavailable",
        "Signing unavailable",
        "The answer cannot be signed now; repeating the call is safe.",
        _retry,
    ),
    leasing.Overloaded: Kind(
        503, "overloaded", "Overloaded", "Too many calls are waiting; nothing was changed.", _retry
    ),
}


def problem_of(error: Exception, request_id: str) -> Response | None:
    """Return the problem document of an error, or None when the table does not know it."""
    kind = PROBLEMS.get(type(error))
    if kind is None:
        return None
    extras = kind.extras(error)
    document = {
        "type": TYPE_PREFIX + kind.code,
        "title": kind.title,
        "status": kind.status,
        "detail": kind.detail,
        "error": kind.code,
        "message": kind.detail,
        "request_id": request_id,
        **extras,
    }
    headers = _headers(error, kind.status, extras)
    return Response(kind.status, _ENCODER.encode(document), PROBLEM_JSON, headers, kind.code)


def _headers(
    error: Exception, status: int, extras: dict[str, Any]
) -> tuple[tuple[bytes, bytes], ...]:
    headers: list[tuple[bytes, bytes]] = []
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="license", License realm="license"'))
    if isinstance(error, http.MethodNotAllowed):
        headers.append((b"allow", ", ".join(error.allowed).encode()))
    if isinstance(error, http.BodyTooLarge | http.HeadTooLarge):
        headers.append((b"connection", b"close"))
    if retry := extras.get("retry_after_seconds"):
        headers.append((b"retry-after", str(retry).encode()))
    if isinstance(error, RateLimited):
        headers.extend(_rate_limit_fields(error, extras["retry_after_seconds"]))
    return tuple(headers)


def _rate_limit_fields(error: RateLimited, wait_seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers-11: the policy, and what is left.

    ``t`` never ends before Retry-After does, which takes precedence over it (section 6).
    """
    name, quota, window = error.policy, error.per_minute, int(WINDOW_SECONDS)
    return (
        (b"ratelimit-policy", f'"{name}";q={quota};w={window}'.encode()),
        (b"ratelimit", f'"{name}";r=0;t={wait_seconds}'.encode()),
    )
