"""What a vendor decides about a license: suspended, reinstated, revoked, renewed, another key."""

import pytest

from audit.models import AuditEvent
from licenses.models import License
from tests.support.catalogue import (
    LICENSES,
    VALIDATE,
    act,
    change,
    in_days,
    sell,
    stock,
)
from tests.support.office import Office, People
from tests.support.plane import problem


@pytest.fixture
def vendor(office: Office, alice: People) -> People:
    """Alice, with a product to sell."""
    stock(office, alice)
    return alice


def actions() -> list[str]:
    events = AuditEvent.across_tenants.exclude(license_id=None).order_by("at")
    return [event.action for event in events]


def test_s15_each_decision_is_taken_once_and_recorded_once(either_office: Office) -> None:
    alice = either_office.tenant("alice")
    stock(either_office, alice)
    sold = sell(either_office, alice)["id"]

    said = [
        act(either_office, alice.admin, sold, deed).json()["status"]
        for deed in ("suspend", "suspend", "reinstate", "reinstate", "revoke", "revoke")
    ]

    assert said == ["suspended", "suspended", "active", "active", "revoked", "revoked"]
    assert actions() == [
        "license.issued",
        "license.suspended",
        "license.reinstated",
        "license.revoked",
    ]


def test_what_was_revoked_stays_revoked(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)["id"]
    act(office, vendor.admin, sold, "revoke")
    before = License.across_tenants.get()

    answers = [
        act(office, vendor.admin, sold, "reinstate"),
        act(office, vendor.admin, sold, "suspend"),
        act(office, vendor.admin, sold, "renew", expires_at=in_days(700)),
        act(office, vendor.admin, sold, "rotate-key"),
        change(office, vendor.admin, sold, seats=99),
    ]

    assert {problem(answer) for answer in answers} == {(409, "revoked_for_good")}
    after = License.across_tenants.get()
    assert (after.status, after.key_hmac) == ("revoked", before.key_hmac)
    assert (after.seats, after.updated_at) == (before.seats, before.updated_at)


def test_a_renewal_moves_the_end_on(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)["id"]
    end = in_days(700)

    renewed = act(office, vendor.admin, sold, "renew", expires_at=end)
    earlier = act(office, vendor.admin, sold, "renew", expires_at=in_days(400))
    same = act(office, vendor.admin, sold, "renew", expires_at=end)

    assert renewed.json()["expires_at"] == end
    assert problem(earlier) == problem(same) == (409, "end_not_later")
    assert actions() == ["license.issued", "license.expiry_moved"]


def test_an_expired_license_is_renewed_into_the_future_only(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)["id"]
    change(office, vendor.admin, sold, expires_at=in_days(-10))

    still_past = act(office, vendor.admin, sold, "renew", expires_at=in_days(-5))
    good = act(office, vendor.admin, sold, "renew", expires_at=in_days(30))

    assert problem(still_past) == (409, "end_not_later")
    assert good.status_code == 200


def test_a_new_key_is_shown_once_and_the_old_one_is_nobodys(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)

    rotated = act(office, vendor.admin, sold["id"], "rotate-key").json()

    def ask(key: str) -> int:
        body = {"license_key": key}
        return office.call("POST", VALIDATE, vendor.viewer, json=body).status_code

    assert ask(sold["license_key"]) == 404
    assert ask(rotated["license_key"]) == 200
    assert rotated["key_hint"] == rotated["license_key"][-4:]


def test_a_key_is_not_rotated_twice_by_an_honest_repeat(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)
    address = f"{LICENSES}{sold['id']}/rotate-key/"
    headers = {"idempotency-key": "2f9a6f1b8c11"}

    answers = [office.call("POST", address, vendor.admin, headers=headers) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert actions() == ["license.issued", "license.key_rotated"]


def test_an_action_takes_no_body_of_its_own(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)["id"]

    answer = act(office, vendor.admin, sold, "suspend", reason="unpaid")

    assert problem(answer) == (400, "invalid_request")
    assert License.across_tenants.get().status == "active"


def test_an_action_on_a_state_that_is_gone_does_nothing(office: Office, vendor: People) -> None:
    sold = sell(office, vendor)["id"]

    answer = office.call(
        "POST", f"{LICENSES}{sold}/revoke/", vendor.admin, headers={"if-match": '"stale"'}
    )

    assert problem(answer) == (412, "precondition_failed")
    assert License.across_tenants.get().status == "active"
