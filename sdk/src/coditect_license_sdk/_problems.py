"""The one table from the server's problem documents (RFC 9457) to this package's errors."""

from collections.abc import Mapping
from typing import Any, Final

from coditect_license_sdk._wire import Answer, read_object
from coditect_license_sdk.errors import (
    LeaseLost,
    LicenseError,
    LicenseExpired,
    LicenseRefused,
    LicenseRevoked,
    LicenseSuspended,
    LicenseUnknown,
    NoSeatAvailable,
    NotAuthorized,
    NotEntitled,
    PersonalCapReached,
    RequestRefused,
    ServerBusy,
    ServerFault,
)

MAX_RETRY_AFTER_SECONDS: Final = 86_400.0  # a longer wish is a mistake
_MAX_TEXT = 300  # a problem's own words, cut for logs

_REFUSALS: Final[Mapping[str, type[LicenseRefused]]] = {
    "license_expired": LicenseExpired,
    "license_suspended": LicenseSuspended,
    "license_revoked": LicenseRevoked,
    "not_entitled": NotEntitled,
}
_REFUSED_REQUESTS: Final = frozenset({400, 409, 413, 415, 422})
_UNAUTHORIZED: Final = frozenset({401, 403})
_BUSY: Final = frozenset({429, 503})


def error_of(answer: Answer) -> LicenseError:
    """Turn an answer that is not 2xx into the typed error it means.

    The code decides where the contract knows it, otherwise the status. A body that is no problem
    document never raises: the status alone then speaks.
    """
    problem = _problem(answer)
    code = _text(problem.get("error"))
    message = _message(answer, problem, code)
    if code in _REFUSALS:
        return _REFUSALS[code](message)
    if code == "seats_exhausted":
        return _no_seat(answer, problem, message)
    if code == "personal_cap_reached":
        return PersonalCapReached(message, personal_cap=_count(problem.get("personal_cap")))
    if answer.status == 410:
        return LeaseLost(message, reason=_text(problem.get("reason")) or "expired")
    return _by_status(answer, problem, message, code)


def _by_status(answer: Answer, problem: Mapping[str, Any], message: str, code: str) -> LicenseError:
    if answer.status in _BUSY:
        retry_after = _retry_after_seconds(answer, problem)
        return ServerBusy(message, reason=code, retry_after_seconds=retry_after)
    if answer.status in _UNAUTHORIZED:
        return NotAuthorized(message, reason=code)
    if answer.status == 404 and code == "not_found":
        return LicenseUnknown(message)
    if answer.status in _REFUSED_REQUESTS:
        return RequestRefused(message, reason=code, status=answer.status)
    return ServerFault(message)


def _no_seat(answer: Answer, problem: Mapping[str, Any], message: str) -> NoSeatAvailable:
    seats = problem.get("seats")
    counts = seats if isinstance(seats, dict) else {}
    return NoSeatAvailable(
        message,
        seats_total=_count(counts.get("total")),
        seats_in_use=_count(counts.get("in_use")),
        retry_after_seconds=_retry_after_seconds(answer, problem),
    )


def _problem(answer: Answer) -> Mapping[str, Any]:
    try:
        return read_object(answer)
    except ServerFault:
        return {}


def _message(answer: Answer, problem: Mapping[str, Any], code: str) -> str:
    words = _text(problem.get("message")) or _text(problem.get("detail")) or "no explanation"
    return f"{code or 'error'} ({answer.status}): {words}"


def _text(value: object) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) and value.isprintable() else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _retry_after_seconds(answer: Answer, problem: Mapping[str, Any]) -> float | None:
    """Give the header in seconds, else the member; a date or nonsense counts as silence."""
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return min(float(header), MAX_RETRY_AFTER_SECONDS)
    member = problem.get("retry_after_seconds")
    if isinstance(member, int | float) and not isinstance(member, bool) and member >= 0:
        return min(float(member), MAX_RETRY_AFTER_SECONDS)
    return None
