"""Every code of the contract has its error; no body whatever crashes the mapping."""

import json

import pytest

from coditect_license_sdk import errors
from coditect_license_sdk._problems import error_of
from coditect_license_sdk._wire import Answer


def answer(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(
        status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def problem(status: int, code: str, **members: object) -> Answer:
    return answer(status, json.dumps({"error": code, "message": "words", **members}).encode())


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", errors.RequestRefused),
        (401, "missing_auth", errors.NotAuthorized),
        (401, "invalid_token", errors.NotAuthorized),
        (403, "missing_tenant", errors.NotAuthorized),
        (403, "forbidden", errors.NotAuthorized),
        (403, "license_expired", errors.LicenseExpired),
        (403, "license_suspended", errors.LicenseSuspended),
        (403, "license_revoked", errors.LicenseRevoked),
        (403, "not_entitled", errors.NotEntitled),
        (404, "not_found", errors.LicenseUnknown),
        (409, "seats_exhausted", errors.NoSeatAvailable),
        (409, "personal_cap_reached", errors.PersonalCapReached),
        (410, "lease_lost", errors.LeaseLost),
        (413, "body_too_large", errors.RequestRefused),
        (415, "unsupported_media_type", errors.RequestRefused),
        (422, "idempotency_key_reused", errors.RequestRefused),
        (429, "rate_limited", errors.ServerBusy),
        (503, "store_unavailable", errors.ServerBusy),
        (503, "signing_unavailable", errors.ServerBusy),
        (503, "overloaded", errors.ServerBusy),
    ],
)
def test_every_code_of_the_contract_has_its_own_error(
    status: int, code: str, kind: type[errors.LicenseError]
) -> None:
    error = error_of(problem(status, code))

    assert type(error) is kind
    assert code in str(error)


@pytest.mark.parametrize("status", [301, 404, 405, 500, 502, 504])
def test_an_answer_outside_the_contract_is_the_servers_fault(status: int) -> None:
    assert type(error_of(answer(status, b"<html>"))) is errors.ServerFault


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"error": 7, "message": {}, "seats": 3, "retry_after_seconds": "soon"}',
        b'{"error": "seats_exhausted", "seats": {"total": true, "in_use": "x"}}',
        b'{"retry_after_seconds": NaN, "message": "' + b"x" * 9_999 + b'"}',
        b'{"message": "two\\nlines\\u001b[31m"}',
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 429, 500, 503])
def test_no_body_crashes_the_mapping(status: int, body: bytes) -> None:
    error = error_of(answer(status, body))

    assert isinstance(error, errors.LicenseError)
    assert str(error).isprintable()
    assert len(str(error)) < 400


def test_a_full_license_says_how_many_seats_there_are() -> None:
    seats = {"total": 10, "in_use": 10}

    error = error_of(problem(409, "seats_exhausted", seats=seats, retry_after_seconds=7))

    assert isinstance(error, errors.NoSeatAvailable)
    assert (error.seats_total, error.seats_in_use, error.retry_after_seconds) == (10, 10, 7.0)


@pytest.mark.parametrize(("said", "cap"), [(2, 2), (True, None), ("2", None), (None, None)])
def test_a_personal_cap_says_how_many_one_person_may_hold(said: object, cap: int | None) -> None:
    error = error_of(problem(409, "personal_cap_reached", personal_cap=said))

    assert isinstance(error, errors.PersonalCapReached)
    assert (error.code, error.personal_cap) == ("personal_cap_reached", cap)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), ("9999999999", 86_400.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 5.0), ("-1", 5.0)],
)
def test_retry_after_is_seconds_and_otherwise_the_member_counts(
    header: str, seconds: float
) -> None:
    error = error_of(
        answer(503, b'{"error": "overloaded", "retry_after_seconds": 5}', retry_after=header)
    )

    assert isinstance(error, errors.ServerBusy)
    assert error.retry_after_seconds == seconds


def test_a_lost_lease_says_why() -> None:
    error = error_of(problem(410, "lease_lost", reason="taken_over"))

    assert isinstance(error, errors.LeaseLost)
    assert error.reason == "taken_over"


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = str(errors.__doc__)
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.LicenseError)
    ]

    for kind in classes:
        assert f" {kind.__name__} " in drawn.replace("\n", " \n"), kind
        assert kind.code != "license_error" or kind is errors.LicenseError
    assert len({kind.code for kind in classes}) == len(classes)
