"""Licenses over HTTP: sold with what their tier says, found, read, changed."""

from typing import Any

import httpx
import pytest

from audit.models import AuditEvent
from licenses.license_key import is_well_formed, normalize
from licenses.models import License
from tests.support.catalogue import (
    ANY,
    LICENSES,
    TIERS,
    act,
    change,
    in_days,
    license_body,
    sell,
    stock,
)
from tests.support.office import PRODUCTS, Office, People
from tests.support.plane import NOBODY, problem, without_request_id


@pytest.fixture
def vendor(office: Office, alice: People) -> People:
    """Alice, with a product to sell."""
    stock(office, alice)
    return alice


def test_a_license_is_sold_with_what_its_tier_says(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    stock(either_office, alice)

    sold = sell(either_office, alice, tier="team", name="Order 4711")
    read = either_office.call("GET", f"{LICENSES}{sold['id']}/", alice.viewer).json()

    assert is_well_formed(sold["license_key"])
    assert read == {name: sold[name] for name in sold if name != "license_key"}
    assert (read["product"], read["tier"], read["seats"]) == ("studio", "team", 5)
    assert (read["name"], read["status"], read["entitlements"]) == ("Order 4711", "active", [])
    assert read["policy"] == {
        "ttl_seconds": 360,
        "heartbeat_interval_seconds": 120,
        "offline_seconds": 259_200,
        "key_auth": False,
        "overdraft_seats": 0,
        "seats_per_person": None,
    }


def test_what_the_vendor_says_wins_over_the_tier(office: Office, vendor: People) -> None:
    sold = sell(
        office,
        vendor,
        seats=7,
        entitlements=["export", "render"],
        policy={"ttl_seconds": 600, "key_auth": True},
    )

    assert (sold["seats"], sold["entitlements"]) == (7, ["export", "render"])
    assert sold["policy"]["ttl_seconds"] == 600
    assert sold["policy"]["heartbeat_interval_seconds"] == 120
    assert sold["policy"]["key_auth"] is True
    assert sold["policy"]["offline_seconds"] == 86_400


def test_a_key_is_shown_once_and_stored_nowhere(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)
    listed = office.call("GET", LICENSES, vendor.owner).text
    read = office.call("GET", f"{LICENSES}{sold['id']}/", vendor.owner).text
    events = str(list(AuditEvent.across_tenants.values()))
    stored = str(License.across_tenants.get().__dict__)

    for text in (listed, read, events, stored, office.log_file.read_text()):
        assert sold["license_key"] not in text
        assert normalize(sold["license_key"]) not in text
    assert sold["key_hint"] == sold["license_key"][-4:]


def test_an_honest_repeat_gets_the_same_key(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    stock(either_office, alice)
    body, headers = license_body(), {"idempotency-key": "order-4711-2f9a6f1b8c11"}

    answers = [
        either_office.call("POST", LICENSES, alice.admin, json=body, headers=headers)
        for _ in range(2)
    ]

    assert answers[0].content == answers[1].content
    assert is_well_formed(answers[0].json()["license_key"])
    assert License.across_tenants.filter(tenant_id=alice.tenant_id).count() == 1


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"product": "nothing"}, "product"),
        ({"tier": "nothing"}, "tier"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2036-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": "2036-02-30T00:00:00Z"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"expires_at": "2036-01-01T00:00:00+14:99"}, "expires_at"),
        ({"expires_at": "2036-01-01T00:00:00+24:00"}, "expires_at"),
        ({"expires_at": 2_082_758_400}, "expires_at"),
        ({"name": "ends\u2028a line"}, "name"),
        ({"name": "a next line\u0085here"}, "name"),
        ({"name": "gnp.\u202eexe"}, "name"),
        ({"seats": -1}, "seats"),
        ({"seats": 1_000_001}, "seats"),
        ({"seats": True}, "seats"),
        ({"seats": "5"}, "seats"),
        ({"seats": 5.5}, "seats"),
        ({"entitlements": ["a", "a"]}, "entitlements"),
        ({"entitlements": ["a"] * 65}, "entitlements"),
        ({"entitlements": "export"}, "entitlements"),
        ({"entitlements": [""]}, "entitlements[0]"),
        ({"entitlements": ["a", "\u00e9"]}, "entitlements[1]"),
        ({"policy": {"ttl_seconds": 59}}, "policy.ttl_seconds"),
        ({"policy": {"ttl_seconds": 86_401}}, "policy.ttl_seconds"),
        ({"policy": {"heartbeat_interval_seconds": 121}}, "policy"),
        ({"policy": {"key_auth": "yes"}}, "policy.key_auth"),
        ({"policy": {"ttl": 60}}, "policy.ttl"),
        ({"policy": {"seats_per_person": -1}}, "policy.seats_per_person"),
        ({"policy": {"seats_per_person": 1_000_001}}, "policy.seats_per_person"),
        ({"policy": {"seats_per_person": 1.5}}, "policy.seats_per_person"),
        ({"policy": {"seats_per_person": "2"}}, "policy.seats_per_person"),
        ({"policy": {"seats_per_person": True}}, "policy.seats_per_person"),
        ({"policy": {"ttl_seconds": None}}, "policy.ttl_seconds"),
        ({"seats_per_person": 2}, "seats_per_person"),
        ({"policy": []}, "policy"),
        ({"status": "active"}, "status"),
        ({"key_hmac": "0" * 64}, "key_hmac"),
        ({"license_key": "MINE"}, "license_key"),
        ({"tenant_id": NOBODY}, "tenant_id"),
    ],
)
def test_terms_that_cannot_be_are_refused(
    office: Office, vendor: People, members: dict[str, Any], field: str
) -> None:
    answer = office.call("POST", LICENSES, vendor.admin, json=license_body(**members))

    assert problem(answer) == (400, "invalid_request")
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not License.across_tenants.exists()


def test_of_an_archived_product_nothing_is_sold(office: Office, vendor: People) -> None:
    product = office.call("GET", PRODUCTS, vendor.admin).json()["results"][0]
    sold = sell(office, vendor)
    office.call("POST", f"{PRODUCTS}{product['id']}/archive/", vendor.admin)

    answer = office.call("POST", LICENSES, vendor.admin, json=license_body())

    assert problem(answer) == (409, "product_archived")
    assert change(office, vendor.admin, sold["id"], seats=3).status_code == 200


def test_licenses_are_found_by_what_they_say(office: Office, vendor: People) -> None:
    office.call("POST", PRODUCTS, vendor.admin, json={"code": "atelier", "name": "Atelier"})
    first = sell(office, vendor, name="Order 1", expires_at=in_days(10))
    second = sell(office, vendor, name="Order 2", tier="team")
    third = sell(office, vendor, product="atelier")
    act(office, vendor.admin, second["id"], "suspend")

    def found(**query: str) -> list[str]:
        answer = office.call("GET", LICENSES, vendor.viewer, params=query)
        return [row["id"] for row in answer.json()["results"]]

    assert found() == [third["id"], second["id"], first["id"]]
    assert found(search="order") == [second["id"], first["id"]]
    assert first["id"] in found(search=first["key_hint"].lower())
    assert found(product="atelier") == [third["id"]]
    assert found(tier="team") == [second["id"]]
    assert found(status="suspended") == [second["id"]]
    assert found(expires_before=in_days(20)) == [first["id"]]
    assert found(expires_from=in_days(20), product="studio") == [second["id"]]
    assert found(product="unknown") == []


def test_a_change_is_what_was_said_and_nothing_else(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    stock(either_office, alice)
    sold = sell(either_office, alice)

    changed = change(
        either_office, alice.admin, sold["id"], seats=9, policy={"overdraft_seats": 2}
    ).json()

    expected = {
        **{name: sold[name] for name in sold if name != "license_key"},
        "seats": 9,
        "policy": {**sold["policy"], "overdraft_seats": 2},
    }
    assert {**changed, "updated_at": ""} == {**expected, "updated_at": ""}
    event = AuditEvent.across_tenants.get(tenant_id=alice.tenant_id, action="license.changed")
    assert event.details == {
        "before": {"seats": 1, "overdraft_seats": 0},
        "after": {"seats": 9, "overdraft_seats": 2},
    }


def test_a_change_that_changes_nothing_leaves_no_record(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)

    same = change(office, vendor.admin, sold["id"], seats=sold["seats"]).json()

    assert same["updated_at"] == sold["updated_at"]
    assert not AuditEvent.across_tenants.filter(action="license.changed").exists()


def test_a_personal_cap_is_sold_changed_and_taken_back(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    stock(either_office, alice)
    sold = sell(either_office, alice, policy={"seats_per_person": 2, "key_auth": True})

    def cap(**policy: int | None) -> tuple[int | None, bool]:
        changed = change(either_office, alice.admin, sold["id"], policy=policy).json()
        read = either_office.call("GET", f"{LICENSES}{sold['id']}/", alice.viewer).json()
        assert changed == read
        return read["policy"]["seats_per_person"], read["policy"]["key_auth"]

    assert sold["policy"]["seats_per_person"] == 2
    assert cap(overdraft_seats=1) == (2, True)
    assert cap(seats_per_person=0) == (0, True)
    assert cap(seats_per_person=None) == (None, True)
    events = AuditEvent.across_tenants.filter(action="license.changed").order_by("at")
    assert [event.details for event in events][1:] == [
        {"before": {"seats_per_person": 2}, "after": {"seats_per_person": 0}},
        {"before": {"seats_per_person": 0}, "after": {"seats_per_person": None}},
    ]


@pytest.mark.parametrize("cap", [-1, 1_000_001, True, "2", [2]])
def test_a_change_to_a_personal_cap_that_cannot_be_changes_nothing(
    office: Office, vendor: People, cap: object
) -> None:
    sold = sell(office, vendor, policy={"seats_per_person": 3})

    answer = change(office, vendor.admin, sold["id"], policy={"seats_per_person": cap})

    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "policy.seats_per_person"
    assert License.across_tenants.get().seats_per_person == 3


def test_a_tier_has_no_personal_cap(office: Office, vendor: People) -> None:
    body = {"code": "solo", "name": "Solo", "seats": 1, "policy": {"seats_per_person": 1}}

    answer = office.call("POST", TIERS, vendor.admin, json=body)

    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "policy.seats_per_person"


def test_a_change_out_of_bounds_changes_nothing(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)

    answer = change(office, vendor.admin, sold["id"], seats=9, policy={"ttl_seconds": 120})

    assert problem(answer) == (400, "invalid_request")
    assert License.across_tenants.get().seats == sold["seats"]


def test_a_change_names_the_state_it_changes(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)
    address = f"{LICENSES}{sold['id']}/"
    etag = office.call("GET", address, vendor.viewer).headers["etag"]
    change(office, vendor.admin, sold["id"], seats=2)

    stale = office.call(
        "PATCH", address, vendor.admin, json={"seats": 3}, headers={"if-match": etag}
    )
    blind = office.call("PATCH", address, vendor.admin, json={"seats": 3})

    assert problem(stale) == (412, "precondition_failed")
    assert problem(blind) == (428, "precondition_required")
    assert License.across_tenants.get().seats == 2


def test_s11_anothers_license_looks_like_one_that_never_was(
    office: Office, vendor: People, charlie: People
) -> None:
    theirs, nobodys = sell(office, vendor)["id"], NOBODY
    later = {"expires_at": in_days(700)}

    def pry(license_id: str) -> list[httpx.Response]:
        return [
            office.call("GET", f"{LICENSES}{license_id}/", charlie.owner),
            change(office, charlie.owner, license_id, seats=1),
            act(office, charlie.owner, license_id, "suspend"),
            act(office, charlie.owner, license_id, "reinstate"),
            act(office, charlie.owner, license_id, "revoke"),
            act(office, charlie.owner, license_id, "renew", **later),
            act(office, charlie.owner, license_id, "rotate-key"),
        ]

    for one, other in zip(pry(theirs), pry(nobodys), strict=True):
        assert problem(one) == (404, "not_found")
        assert without_request_id(one) == without_request_id(other)
        assert sorted(one.headers) == sorted(other.headers)
    assert office.call("GET", LICENSES, charlie.owner).json()["results"] == []
    assert License.across_tenants.get(tenant_id=vendor.tenant_id).status == "active"


def test_s11_anothers_product_is_none_to_sell(
    office: Office, vendor: People, charlie: People
) -> None:
    answer = office.call("POST", LICENSES, charlie.admin, json=license_body())

    assert problem(answer) == (400, "invalid_request")
    assert answer.json()["errors"][0]["field"] == "product"


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_who_does_not_manage_reads_and_decides_nothing(
    office: Office, vendor: People, role: str
) -> None:
    who, sold = getattr(vendor, role), sell(office, vendor)

    answers = [
        office.call("POST", LICENSES, who, json=license_body()),
        change(office, who, sold["id"], seats=99),
        *(act(office, who, sold["id"], deed) for deed in ("suspend", "reinstate", "revoke")),
        act(office, who, sold["id"], "renew", expires_at=in_days(700)),
        act(office, who, sold["id"], "rotate-key"),
    ]

    assert {problem(answer) for answer in answers} == {(403, "forbidden")}
    assert office.call("GET", f"{LICENSES}{sold['id']}/", who).json()["seats"] == sold["seats"]


def test_an_etag_is_of_what_is_seen(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)
    address = f"{LICENSES}{sold['id']}/"
    before = office.call("GET", address, vendor.viewer).headers["etag"]

    act(office, vendor.admin, sold["id"], "suspend")

    assert office.call("GET", address, vendor.viewer).headers["etag"] != before
    assert office.call("PATCH", address, vendor.admin, json={"seats": 2}, headers=ANY).is_success
