"""What the office refuses before anything is done, and how it says so."""

import json
from typing import Any

import pytest

from licenses.models import Product
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import problem


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"code": "studio"}, "name", "missing"),
        ({"code": "studio", "name": None}, "name", "wrong_type"),
        ({"code": "studio", "name": 7}, "name", "wrong_type"),
        ({"code": "studio", "name": ["a"]}, "name", "wrong_type"),
        ({"code": "studio", "name": ""}, "name", "too_short"),
        ({"code": "studio", "name": " a"}, "name", "invalid"),
        ({"code": "studio", "name": "a\nb"}, "name", "invalid"),
        ({"code": "studio", "name": "a\n"}, "name", "invalid"),
        ({"code": "studio", "name": "a\ud800"}, "name", "bad_characters"),
        ({"code": "studio", "name": "n" * 201}, "name", "too_long"),
        ({"code": "Studio", "name": "Studio"}, "code", "invalid"),
        ({"code": "studio\n", "name": "Studio"}, "code", "invalid"),
        ({"code": "c" * 64, "name": "Studio"}, "code", "too_long"),
        ({"code": "studio", "name": "Studio", "tenant_id": "x"}, "tenant_id", "unknown_field"),
        ({"code": "studio", "name": "Studio", "id": "x"}, "id", "unknown_field"),
        ([], "", "wrong_type"),
        ("studio", "", "wrong_type"),
        (None, "", "wrong_type"),
    ],
)
def test_a_body_of_another_form_is_refused(
    office: Office, alice: People, body: Any, field: str, code: str
) -> None:
    headers = {"content-type": "application/json"}

    answer = office.call("POST", PRODUCTS, alice.admin, content=json.dumps(body), headers=headers)

    assert problem(answer) == (400, "invalid_request")
    assert (field, code) in [(one["field"], one["code"]) for one in answer.json()["errors"]]
    assert all(one["message"].startswith(one["field"]) for one in answer.json()["errors"])
    assert not Product.across_tenants.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b'{"code": "a", "code": "b", "name": "N"}',
        b'{"code": "a", "name": NaN}',
        b"[" * 60_000,
        b'{"code": 1e999, "name": "N"}',
    ],
)
def test_a_body_that_is_no_json_is_refused(office: Office, alice: People, content: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = office.call("POST", PRODUCTS, alice.admin, content=content, headers=headers)

    assert problem(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"code=studio&name=Studio"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b"{}"),
    ],
)
def test_a_body_of_another_media_type_is_refused(
    office: Office, alice: People, media_type: str, content: bytes
) -> None:
    headers = {"content-type": media_type}

    answer = office.call("POST", PRODUCTS, alice.admin, content=content, headers=headers)

    assert problem(answer) == (415, "unsupported_media_type")


def test_a_body_over_64_kib_is_refused(office: Office, alice: People) -> None:
    body = {"code": "studio", "name": "n" * 65_536}

    assert problem(office.call("POST", PRODUCTS, alice.admin, json=body)) == (413, "body_too_large")


def test_s11_a_tenant_named_by_the_caller_is_no_tenant(
    office: Office, alice: People, charlie: People
) -> None:
    headers = {"x-tenant-id": str(charlie.tenant_id)}

    office.call("POST", PRODUCTS, alice.admin, json={"code": "a", "name": "A"}, headers=headers)
    query = office.call("GET", f"{PRODUCTS}?tenant_id={charlie.tenant_id}", alice.admin)

    assert problem(query) == (400, "invalid_request")
    assert Product.across_tenants.get().tenant_id == alice.tenant_id


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_an_address_takes_its_own_methods(office: Office, alice: People, method: str) -> None:
    answer = office.call(method, PRODUCTS, alice.admin)

    assert problem(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_method_override_is_not_listened_to(office: Office, alice: People) -> None:
    headers = {"x-http-method-override": "DELETE"}

    assert office.call("GET", PRODUCTS, alice.viewer, headers=headers).status_code == 200


def test_whatever_is_accepted_the_answer_is_json(office: Office, alice: People) -> None:
    answer = office.call("GET", PRODUCTS, alice.viewer, headers={"accept": "text/html"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "address",
    [
        f"{PRODUCTS}not-a-uuid/",
        f"{PRODUCTS}0198A5C2-7F3B-7C11-9D5E-3A1F0C5B7E21/",
        f"{PRODUCTS}../products",
        "/api/v1/products",
        "/api/v1//products/",
    ],
)
def test_an_address_that_leads_nowhere_is_not_found(
    office: Office, alice: People, address: str
) -> None:
    assert problem(office.call("GET", address, alice.admin)) == (404, "not_found")
