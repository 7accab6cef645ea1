"""Lists come in pages: every row on one of them, none on two."""

import base64
from datetime import datetime, timedelta

import pytest

from foundation.clock import utc_now
from licenses.models import Product
from tenants.current import tenant_transaction
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import problem

NOW = utc_now()


def put(people: People, code: str, created_at: datetime) -> None:
    with tenant_transaction(people.tenant_id):
        Product.objects.create(
            tenant_id=people.tenant_id, code=code, name="P", created_at=created_at
        )


def stock(people: People, count: int) -> list[str]:
    """Make products, several of the same instant; return their codes, newest first."""
    for number in range(count):
        put(people, f"p{number}", NOW + timedelta(seconds=number // 3))
    rows = Product.across_tenants.filter(tenant_id=people.tenant_id)
    return [row.code for row in rows.order_by("-created_at", "-id")]


def pages(office: Office, people: People, size: int) -> list[list[str]]:
    found: list[list[str]] = []
    cursor: str | None = None
    while cursor is not None or not found:
        params = {"page_size": size} | ({"cursor": cursor} if cursor else {})
        answer = office.call("GET", PRODUCTS, people.viewer, params=params).json()
        found.append([row["code"] for row in answer["results"]])
        cursor = answer["next"]
    return found


@pytest.mark.parametrize("size", [1, 2, 4, 8, 200])
def test_every_row_is_on_one_page(either_office: Office, size: int) -> None:
    alice = either_office.tenant("alice")
    codes = stock(alice, 8)

    turned = pages(either_office, alice, size)

    assert [code for page in turned for code in page] == codes
    assert {len(page) for page in turned[:-1]} <= {size}
    assert turned[-1], "the last page is not empty"


def test_a_row_made_meanwhile_shifts_no_page(office: Office, alice: People) -> None:
    codes = stock(alice, 4)
    first = office.call("GET", PRODUCTS, alice.viewer, params={"page_size": 2}).json()
    put(alice, "new", NOW + timedelta(days=1))

    second = office.call(
        "GET", PRODUCTS, alice.viewer, params={"page_size": 2, "cursor": first["next"]}
    ).json()

    assert [row["code"] for row in second["results"]] == codes[2:]


def test_s11_a_cursor_of_anothers_list_shows_ones_own_rows(
    office: Office, alice: People, charlie: People
) -> None:
    stock(alice, 4)
    theirs = office.call("GET", PRODUCTS, alice.viewer, params={"page_size": 1}).json()["next"]
    put(charlie, "old", NOW - timedelta(days=1))

    seen = office.call("GET", PRODUCTS, charlie.viewer, params={"cursor": theirs}).json()

    assert [row["code"] for row in seen["results"]] == ["old"]


def _spelled(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        _spelled("[]"),
        _spelled("[1,2]"),
        _spelled('["2025-12-29","x"]'),
        _spelled('["2025-12-29T00:00:00","00000000-0000-4000-8000-000000000000"]'),
        _spelled('{"a":1,"b":2}'),
        _spelled("[" * 100),
        "a" * 201,
        "",
        "white space",
    ],
)
def test_a_cursor_that_is_none_is_refused(office: Office, alice: People, cursor: str) -> None:
    answer = office.call("GET", PRODUCTS, alice.viewer, params={"cursor": cursor})

    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=ten", "page_size"),
        ("archived=yes", "archived"),
        ("serach=studio", "serach"),
        ("search=a&search=b", "search"),
        ("search=", "search"),
        ("search=%00", "search"),
        ("format=json", "format"),
    ],
)
def test_a_query_that_nobody_understands_is_refused(
    office: Office, alice: People, query: str, field: str
) -> None:
    answer = office.call("GET", f"{PRODUCTS}?{query}", alice.viewer)

    assert problem(answer) == (400, "invalid_request")
    assert {error["field"] for error in answer.json()["errors"]} == {field}
