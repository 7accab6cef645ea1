"""The one table from errors to problems: complete, stable, and silent about exceptions."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from coditect_license.problems import PROBLEMS, problem_of
from identity import errors as identity
from leasing import errors as leasing
from leasing.http import errors as http
from licenses import errors as licenses
from management_api import errors as management
from signing import errors as signing
from soft_state.errors import RateLimited
from tenants import errors as tenants

_SECRET = "the text of an exception"
_FIELD = http.FieldError("license_key", "missing", "license_key is required")

# The contract's table: what a caller sees of each error.
_TABLE: list[tuple[Exception, int, str]] = [
    (http.InvalidRequest(_FIELD), 400, "invalid_request"),
    (leasing.TooManyInstances(_SECRET), 400, "invalid_request"),
    (leasing.TooMuchHistory(_SECRET), 400, "invalid_request"),
    (identity.MissingCredential(_SECRET), 401, "missing_auth"),
    (identity.InvalidCredential(_SECRET), 401, "invalid_token"),
    (identity.MissingTenant(_SECRET), 403, "missing_tenant"),
    (identity.Forbidden(_SECRET), 403, "forbidden"),
    (identity.MemberUnknown(_SECRET), 404, "not_found"),
    (identity.MemberExists(_SECRET), 409, "already_exists"),
    (identity.LastOwner(_SECRET), 409, "last_owner"),
    (identity.InvalidEmail(_SECRET), 400, "invalid_request"),
    (identity.ServiceAccountUnknown(_SECRET), 404, "not_found"),
    (identity.ServiceAccountExists(_SECRET), 409, "already_exists"),
    (identity.ApiTokenUnknown(_SECRET), 404, "not_found"),
    (identity.TooManyApiTokens(_SECRET), 409, "too_many_tokens"),
    (identity.InvalidLifetime(_SECRET), 400, "invalid_request"),
    (licenses.LicenseExpired(_SECRET), 403, "license_expired"),
    (licenses.LicenseSuspended(_SECRET), 403, "license_suspended"),
    (licenses.LicenseRevoked(_SECRET), 403, "license_revoked"),
    (leasing.LicenseUnknown(_SECRET), 404, "not_found"),
    (leasing.SessionUnknown(_SECRET), 404, "not_found"),
    (http.UnknownPath(_SECRET), 404, "not_found"),
    (management.NotFound(_SECRET), 404, "not_found"),
    (licenses.MessageUnknown(_SECRET), 404, "not_found"),
    (http.MethodNotAllowed(("GET", "DELETE")), 405, "method_not_allowed"),
    (leasing.SeatsExhausted(total=9, in_use=9, retry_after_seconds=4), 409, "seats_exhausted"),
    (leasing.PersonalCapReached(2), 409, "personal_cap_reached"),
    (leasing.SeatBorrowed(datetime(2026, 1, 5, tzinfo=UTC)), 409, "seat_borrowed"),
    (leasing.BorrowingOff(_SECRET), 403, "borrowing_off"),
    (leasing.LoanTooLong(60), 403, "loan_too_long"),
    (licenses.ProductCodeTaken(_SECRET), 409, "already_exists"),
    (licenses.TierCodeTaken(_SECRET), 409, "already_exists"),
    (tenants.TenantSlugTaken(_SECRET), 409, "already_exists"),
    (licenses.ProductArchived(_SECRET), 409, "product_archived"),
    (licenses.RevokedForGood(_SECRET), 409, "revoked_for_good"),
    (licenses.EndNotLater(_SECRET), 409, "end_not_later"),
    (management.AnswerNotKept(_SECRET), 409, "answer_not_kept"),
    (leasing.LeaseLost("taken_over"), 410, "lease_lost"),
    (management.PreconditionFailed(_SECRET), 412, "precondition_failed"),
    (http.BodyTooLarge(_SECRET), 413, "body_too_large"),
    (http.UnsupportedMediaType(_SECRET), 415, "unsupported_media_type"),
    (management.IdempotencyKeyReused(_SECRET), 422, "idempotency_key_reused"),
    (management.PreconditionRequired(_SECRET), 428, "precondition_required"),
    (RateLimited("license", per_minute=600, wait_seconds=0.2), 429, "rate_limited"),
    (http.HeadTooLarge(_SECRET), 431, "head_too_large"),
    (leasing.StoreUnavailable(_SECRET), 503, "store_unavailable"),
    (
        signing.SigningUnavailable(_SECRET, retry_after_seconds=7),
        503,
        "signing_unavailable",
    ),
    (
        identity.IssuerUnavailable(_SECRET, retry_after_seconds=30),
        503,
        "issuer_unavailable",
    ),
    (leasing.Overloaded(3), 503, "overloaded"),
]


def shown(error: Exception) -> tuple[dict[str, Any], dict[bytes, bytes]]:
    """Return the document and the headers that a caller gets."""
    response = problem_of(error, "request-1")
    assert response is not None
    assert response.media_type == b"application/problem+json"
    return json.loads(response.body), dict(response.headers)


@pytest.mark.parametrize(("error", "status", "code"), _TABLE, ids=lambda value: str(value)[:40])
def test_each_error_has_its_status_and_code_and_keeps_its_text(
    error: Exception, status: int, code: str
) -> None:
    document, headers = shown(error)

    assert (document["status"], document["error"]) == (status, code)
    assert document["message"] == document["detail"]
    assert document["request_id"] == "request-1"
    assert _SECRET not in json.dumps(document)
    assert (b"retry-after" in headers) == ("retry_after_seconds" in document)
    assert (b"www-authenticate" in headers) == (status == 401)


def test_the_table_above_misses_no_error() -> None:
    shown_here = {type(error) for error, _, _ in _TABLE}

    assert {kind.__name__ for kind in set(PROBLEMS) - shown_here} == {"InternalError"}


@pytest.mark.parametrize("status", [503])
def test_everything_that_passes_says_when_to_come_back(status: int) -> None:
    passing = [error for error, its_status, _ in _TABLE if its_status == status]

    assert len(passing) == 4
    assert all(int(shown(error)[1][b"retry-after"]) >= 1 for error in passing)


def test_what_an_error_knows_is_passed_on() -> None:
    exhausted, _ = shown(leasing.SeatsExhausted(total=9, in_use=8, retry_after_seconds=4))
    lost, _ = shown(leasing.LeaseLost("taken_over"))
    invalid, _ = shown(http.InvalidRequest(_FIELD))
    _, allowed = shown(http.MethodNotAllowed(("GET", "DELETE")))

    assert (exhausted["seats"], exhausted["retry_after_seconds"]) == ({"total": 9, "in_use": 8}, 4)
    assert lost["reason"] == "taken_over"
    assert invalid["errors"] == [
        {"field": "license_key", "code": "missing", "message": "license_key is required"}
    ]
    assert allowed[b"allow"] == b"GET, DELETE"


def test_an_error_that_the_table_does_not_know_has_no_problem() -> None:
    assert problem_of(ZeroDivisionError(_SECRET), "request-1") is None


def test_a_refused_call_is_told_the_limit_in_the_fields_of_the_draft() -> None:
    _, headers = shown(RateLimited("license", per_minute=600, wait_seconds=3.2))

    assert headers[b"ratelimit-policy"] == b'"license";q=600;w=60'
    assert headers[b"ratelimit"] == b'"license";r=0;t=4'
    assert headers[b"retry-after"] == b"4"
