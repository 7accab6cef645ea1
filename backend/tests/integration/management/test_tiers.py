"""Tiers are data: four to begin with, the vendor's to change, and no license changes with them."""

from typing import Any

from audit.models import AuditEvent
from licenses.models import Tier
from tests.support.catalogue import ANY, LICENSES, TIERS, license_body, sell, stock
from tests.support.office import Office, People
from tests.support.plane import NOBODY, problem


def rows(office: Office, people: People, **query: str) -> list[dict[str, Any]]:
    answer = office.call("GET", TIERS, people.viewer, params=query)
    listed: list[dict[str, Any]] = answer.json()["results"]
    return listed


def tier(office: Office, people: People, code: str) -> dict[str, Any]:
    return next(row for row in rows(office, people) if row["code"] == code)


def test_every_tenant_begins_with_four(either_office: Office) -> None:
    alice, charlie = either_office.tenant("alice"), either_office.tenant("charlie")

    for people in (alice, charlie, alice):
        codes = sorted(row["code"] for row in rows(either_office, people))
        assert codes == ["enterprise", "free", "pro", "team"]
    assert Tier.across_tenants.filter(tenant_id=alice.tenant_id).count() == 4


def test_a_changed_tier_changes_what_is_sold_next_and_nothing_sold(
    office: Office, alice: People
) -> None:
    stock(office, alice)
    before = sell(office, alice, tier="team")
    address = f"{TIERS}{tier(office, alice, 'team')['id']}/"

    changed = office.call(
        "PATCH",
        address,
        alice.admin,
        json={"seats": 25, "entitlements": ["export"], "policy": {"ttl_seconds": 900}},
        headers=ANY,
    )
    after = sell(office, alice, tier="team")

    assert changed.json()["policy"]["ttl_seconds"] == 900
    assert (after["seats"], after["entitlements"]) == (25, ["export"])
    kept = office.call("GET", f"{LICENSES}{before['id']}/", alice.viewer).json()
    assert (kept["seats"], kept["policy"]["ttl_seconds"]) == (5, 360)
    event = AuditEvent.across_tenants.get(action="tier.changed")
    assert event.details["after"] == {
        "seats": 25,
        "entitlements": ["export"],
        "ttl_seconds": 900,
    }


def test_a_vendor_makes_tiers_of_his_own(office: Office, alice: People) -> None:
    stock(office, alice)
    body = {"code": "campus", "name": "Campus", "seats": 500, "policy": {"key_auth": True}}

    made = office.call("POST", TIERS, alice.admin, json=body)
    again = office.call("POST", TIERS, alice.admin, json=body)

    assert made.status_code == 201
    assert problem(again) == (409, "already_exists")
    assert office.call("GET", made.headers["location"], alice.viewer).json() == made.json()
    assert sell(office, alice, tier="campus")["seats"] == 500
    assert len(rows(office, alice)) == 5


def test_of_an_archived_tier_nothing_is_sold(office: Office, alice: People) -> None:
    stock(office, alice)
    sold = sell(office, alice, tier="free")
    address = f"{TIERS}{tier(office, alice, 'free')['id']}/"

    archived = office.call("POST", f"{address}archive/", alice.admin).json()
    refused = office.call("POST", LICENSES, alice.admin, json=license_body(tier="free"))

    assert archived["archived_at"] is not None
    assert problem(refused) == (400, "invalid_request")
    assert office.call("GET", f"{LICENSES}{sold['id']}/", alice.viewer).json()["tier"] == "free"
    assert [row["code"] for row in rows(office, alice, archived="true")] == ["free"]
    office.call("POST", f"{address}unarchive/", alice.admin)
    assert sell(office, alice, tier="free")["tier"] == "free"


def test_terms_that_cannot_be_are_refused(office: Office, alice: People) -> None:
    address = f"{TIERS}{tier(office, alice, 'free')['id']}/"

    out_of_bounds = office.call(
        "PATCH", address, alice.admin, json={"policy": {"ttl_seconds": 60}}, headers=ANY
    )
    renamed = office.call("PATCH", address, alice.admin, json={"code": "gratis"}, headers=ANY)

    assert problem(out_of_bounds) == (400, "invalid_request")
    assert problem(renamed) == (400, "invalid_request")


def test_s11_anothers_tier_looks_like_one_that_never_was(
    office: Office, alice: People, charlie: People
) -> None:
    theirs = tier(office, alice, "pro")["id"]

    for tier_id in (theirs, NOBODY):
        address = f"{TIERS}{tier_id}/"
        answers = [
            office.call("GET", address, charlie.owner),
            office.call("PATCH", address, charlie.owner, json={"seats": 1}, headers=ANY),
            office.call("POST", f"{address}archive/", charlie.owner),
            office.call("POST", f"{address}unarchive/", charlie.owner),
        ]
        assert {problem(answer) for answer in answers} == {(404, "not_found")}


def test_who_does_not_manage_changes_no_tier(office: Office, alice: People) -> None:
    address = f"{TIERS}{tier(office, alice, 'pro')['id']}/"

    answers = [
        office.call("POST", TIERS, alice.member, json={"code": "x", "name": "X", "seats": 1}),
        office.call("PATCH", address, alice.member, json={"seats": 9}, headers=ANY),
        office.call("POST", f"{address}archive/", alice.viewer),
    ]

    assert {problem(answer) for answer in answers} == {(403, "forbidden")}
