"""Products over HTTP: made, read, found, renamed, archived; by whom, and by whom not."""

from typing import Any

import httpx
import pytest

from audit.models import AuditEvent
from licenses.models import Product
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import NOBODY, problem, without_request_id

STUDIO = {"code": "studio", "name": "Studio"}


def make(office: Office, people: People, code: str = "studio", name: str = "Studio") -> Any:
    answer = office.call("POST", PRODUCTS, people.admin, json={"code": code, "name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_product_is_made_and_read(either_office: Office) -> None:
    alice = either_office.tenant("alice")

    made = either_office.call("POST", PRODUCTS, alice.admin, json=STUDIO)
    read = either_office.call("GET", made.headers["location"], alice.viewer)

    assert made.status_code == 201
    assert made.json() == read.json()
    assert made.headers["etag"] == read.headers["etag"]
    assert made.headers["cache-control"] == "no-store"
    assert (read.json()["code"], read.json()["name"]) == ("studio", "Studio")
    assert read.json()["created_at"].endswith("+00:00")
    assert read.json()["archived_at"] is None


def test_s15_each_deed_leaves_a_record_with_who_did_it(office: Office, alice: People) -> None:
    address = f"{PRODUCTS}{make(office, alice)['id']}/"
    any_state = {"if-match": "*"}

    office.call("PATCH", address, alice.admin, json={"name": "Atelier"}, headers=any_state)
    office.call("POST", f"{address}archive/", alice.owner)
    office.call("POST", f"{address}archive/", alice.owner)
    office.call("POST", f"{address}unarchive/", alice.owner)

    events = AuditEvent.across_tenants.filter(tenant_id=alice.tenant_id).order_by("at")
    assert [(event.action, event.principal) for event in events][1:] == [
        ("product.created", "user:adam"),
        ("product.renamed", "user:adam"),
        ("product.archived", "user:olga"),
        ("product.unarchived", "user:olga"),
    ]


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_does_not_manage_reads_and_changes_nothing(
    office: Office, alice: People, role: str
) -> None:
    who = getattr(alice, role)
    address = f"{PRODUCTS}{make(office, alice)['id']}/"

    answers = [
        office.call("POST", PRODUCTS, who, json={"code": "second", "name": "Second"}),
        office.call("PATCH", address, who, json={"name": "Mine"}, headers={"if-match": "*"}),
        office.call("POST", f"{address}archive/", who),
        office.call("POST", f"{address}unarchive/", who),
    ]

    assert [problem(answer) for answer in answers] == [(403, "forbidden")] * 4
    assert office.call("GET", address, who).json()["name"] == "Studio"
    assert Product.across_tenants.filter(tenant_id=alice.tenant_id).count() == 1


def test_without_a_credential_nothing_answers(office: Office, alice: People) -> None:
    address = f"{PRODUCTS}{make(office, alice)['id']}/"

    answers = [
        office.call("GET", PRODUCTS),
        office.call("POST", PRODUCTS, json=STUDIO),
        office.call("GET", address),
        office.call("PATCH", address, json={"name": "Mine"}),
        office.call("POST", f"{address}archive/"),
    ]

    assert [problem(answer) for answer in answers] == [(401, "missing_auth")] * 5


def test_s11_anothers_product_looks_like_one_that_never_was(
    office: Office, alice: People, charlie: People
) -> None:
    theirs, nobodys = f"{PRODUCTS}{make(office, alice)['id']}/", f"{PRODUCTS}{NOBODY}/"
    change = {"json": {"name": "Mine"}, "headers": {"if-match": "*"}}

    def pry(address: str) -> list[httpx.Response]:
        return [
            office.call("GET", address, charlie.owner),
            office.call("PATCH", address, charlie.owner, **change),
            office.call("POST", f"{address}archive/", charlie.owner),
            office.call("POST", f"{address}unarchive/", charlie.owner),
        ]

    pairs = list(zip(pry(theirs), pry(nobodys), strict=True))

    for one, other in pairs:
        assert problem(one) == (404, "not_found")
        assert without_request_id(one) == without_request_id(other)
        assert sorted(one.headers) == sorted(other.headers)
    assert office.call("GET", PRODUCTS, charlie.owner).json() == {"results": [], "next": None}
    assert Product.across_tenants.get(tenant_id=alice.tenant_id).name == "Studio"


def test_a_code_is_taken_once_in_each_tenant(either_office: Office) -> None:
    alice, charlie = either_office.tenant("alice"), either_office.tenant("charlie")
    make(either_office, alice)

    again = either_office.call("POST", PRODUCTS, alice.admin, json=STUDIO)

    assert problem(again) == (409, "already_exists")
    make(either_office, charlie)
    assert Product.across_tenants.filter(tenant_id=alice.tenant_id).count() == 1


def test_products_are_found_by_part_of_a_name_and_by_whether_they_are_sold(
    office: Office, alice: People
) -> None:
    make(office, alice, "studio", "Studio")
    old = make(office, alice, "atelier", "The 100% old one_")
    office.call("POST", f"{PRODUCTS}{old['id']}/archive/", alice.admin)

    def codes(**query: str) -> list[str]:
        answer = office.call("GET", PRODUCTS, alice.viewer, params=query).json()
        return [row["code"] for row in answer["results"]]

    assert codes() == ["atelier", "studio"]
    assert codes(search="STUD") == ["studio"]
    assert codes(search="100%") == ["atelier"]
    assert codes(search="_") == ["atelier"]
    assert codes(search="nothing") == []
    assert codes(archived="true") == ["atelier"]
    assert codes(archived="false") == ["studio"]
