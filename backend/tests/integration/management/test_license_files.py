"""A license as a file: taken for one device, verified without a server, counted to its end."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings as present_settings
from django.db import connection
from django.test import override_settings

from audit.models import AuditEvent, SignatureCount
from coditect_license_token import NotInForce, PublicKey, Roots, WrongPurpose, open_license_data
from foundation.clock import utc_now
from leasing.models import LicenseSession, Seat
from signing.models import SigningKey
from signing.wiring import present_root
from tests.support.catalogue import act, change, sell, stock
from tests.support.office import Office, People
from tests.support.plane import problem
from tests.support.postgres import as_leasing

DAY = 86_400


@pytest.fixture
def settings() -> Iterator[Any]:
    """The settings, put back at the end."""
    with override_settings():
        yield present_settings


@pytest.fixture
def vendor(request: pytest.FixtureRequest, either_office: Office, settings: Any) -> People:
    """Alice, with a product to sell, on a server that has a root and a ledger."""
    if isinstance(ledger := request.getfixturevalue("either_ledger"), str):
        settings.LICENSE_LEASING_DATABASE_URL = as_leasing(ledger)
    present_root()
    alice = either_office.tenant("alice")
    stock(either_office, alice)
    return alice


@pytest.fixture
def either_ledger(
    request: pytest.FixtureRequest,
    either_office: Office,  # makes the database
) -> Path | str:
    """The database that the office of this test works on."""
    vendor = connection.vendor
    ledger: Path | str = request.getfixturevalue("postgres_db" if vendor == "postgresql" else "db")
    return ledger


def sold(office: Office, vendor: People, *, seats: int = 1, days: float = 7) -> dict[str, Any]:
    policy = {"offline_seconds": int(days * DAY)}
    return sell(office, vendor, seats=seats, policy=policy)


def download(
    office: Office,
    who: dict[str, str],
    license_: dict[str, Any],
    device: str = "field-laptop",
    **body: Any,
) -> httpx.Response:
    body = {"license_key": license_["license_key"], "hardware_id": device, **body}
    return act(office, who, license_["id"], "download", **body)


def roots() -> Roots:
    (stored,) = SigningKey.objects.all()
    return Roots([PublicKey.from_pem(stored.pem)])


def test_s16_a_download_is_a_file_that_any_verifier_takes(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor)

    answer = download(either_office, vendor.admin, license_, seconds=DAY)

    assert answer.status_code == 200, answer.text
    data = open_license_data(answer.content, roots=roots(), hardware_id="field-laptop")
    assert data.lease_end - datetime.fromisoformat(data.signed_at) == timedelta(seconds=DAY)
    assert data.license_key == license_["license_key"]
    name = f'attachment; filename="license-{data.session_id}.json"'
    assert answer.headers["content-disposition"] == name
    assert answer.headers["cache-control"] == "no-store"
    spelled = json.dumps(answer.json(), sort_keys=True, separators=(",", ":"))
    assert answer.text == spelled  # as `jq -cS` writes it, which the shell's verifier wants
    with pytest.raises(WrongPurpose):
        open_license_data(answer.content, roots=roots(), hardware_id="another")
    with pytest.raises(NotInForce):
        open_license_data(answer.content, roots=roots(), now=data.lease_end)


def test_s10_the_seat_of_a_file_is_held_until_its_end(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor)

    document = download(either_office, vendor.owner, license_).json()
    second = download(either_office, vendor.owner, license_, "another-laptop")

    assert problem(second) == (409, "seats_exhausted")
    seat = Seat.across_tenants.get(session_id=document["session_id"])
    assert seat.lease_expires_at == datetime.fromisoformat(document["lease_expires_at"])
    assert seat.person is None
    shown = either_office.call("GET", "/api/v1/sessions/", vendor.viewer).json()["results"]
    assert [one["borrowed_until"] for one in shown] == [document["lease_expires_at"]]


def test_s4_downloading_again_lends_the_same_seat_on(either_office: Office, vendor: People) -> None:
    license_ = sold(either_office, vendor)

    first = download(either_office, vendor.admin, license_, seconds=DAY).json()
    again = download(either_office, vendor.admin, license_, seconds=2 * DAY).json()
    shorter = download(either_office, vendor.admin, license_, seconds=60).json()

    assert first["session_id"] == again["session_id"] == shorter["session_id"]
    row = LicenseSession.across_tenants.get(id=first["session_id"])
    assert row.borrowed_until == datetime.fromisoformat(again["lease_expires_at"])


def test_nothing_is_lent_where_the_policy_lends_nothing(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor, days=0)

    answers = [
        download(either_office, vendor.admin, license_),
        download(either_office, vendor.admin, license_, seconds=1),
    ]

    assert [problem(answer) for answer in answers] == [(403, "borrowing_off")] * 2
    assert not LicenseSession.across_tenants.exists()


def test_nothing_is_lent_for_longer_than_the_policy_says(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor, days=1)

    answer = download(either_office, vendor.admin, license_, seconds=DAY + 1)

    assert problem(answer) == (403, "loan_too_long")
    assert answer.json()["longest_seconds"] == DAY
    assert not LicenseSession.across_tenants.exists()


def test_a_time_that_is_none_is_refused(either_office: Office, vendor: People) -> None:
    license_ = sold(either_office, vendor)

    for seconds in (0, -1, 90 * DAY + 1, "60", 1.5, True, None):
        answer = download(either_office, vendor.admin, license_, seconds=seconds)

        assert problem(answer) == (400, "invalid_request")
        assert answer.json()["errors"][0]["field"] == "seconds"


def test_a_file_never_outlives_its_license(either_office: Office, vendor: People) -> None:
    license_ = sold(either_office, vendor)
    end = (utc_now() + timedelta(hours=1)).isoformat()
    change(either_office, vendor.admin, license_["id"], expires_at=end)

    document = download(either_office, vendor.admin, license_, seconds=DAY).json()

    assert document["lease_expires_at"] == document["expires_at"]


def test_a_suspended_license_lends_nothing(either_office: Office, vendor: People) -> None:
    license_ = sold(either_office, vendor)
    act(either_office, vendor.admin, license_["id"], "suspend")

    answer = download(either_office, vendor.admin, license_)

    assert problem(answer) == (403, "license_suspended")


def test_only_who_manages_licenses_lends_seats(either_office: Office, vendor: People) -> None:
    license_ = sold(either_office, vendor)

    answers = [download(either_office, who, license_) for who in (vendor.member, vendor.viewer, {})]

    assert [problem(one) for one in answers] == [
        (403, "forbidden"),
        (403, "forbidden"),
        (401, "missing_auth"),
    ]


def test_s11_a_key_of_another_license_or_tenant_is_unknown(
    either_office: Office, vendor: People
) -> None:
    license_, other = sold(either_office, vendor), sold(either_office, vendor)
    charlie = either_office.tenant("charlie")

    answers = [
        download(either_office, vendor.admin, {**license_, "license_key": other["license_key"]}),
        download(either_office, vendor.admin, {**license_, "license_key": "CDT1-NOBODYS"}),
        download(either_office, charlie.owner, license_),
    ]

    assert [problem(one) for one in answers] == [(404, "not_found")] * 3
    assert not LicenseSession.across_tenants.exists()


@pytest.mark.parametrize("device_had_the_seat", [False, True])
def test_s16_what_cannot_be_signed_is_not_lent_and_the_seat_is_free(
    either_office: Office,
    vendor: People,
    settings: Any,
    *,
    device_had_the_seat: bool,
) -> None:
    license_ = sold(either_office, vendor)
    if device_had_the_seat:
        document = download(either_office, vendor.admin, license_, seconds=60).json()
    settings.LICENSE_DIRECT_SIGNING = False

    answer = download(either_office, vendor.admin, license_)

    assert problem(answer) == (503, "signing_unavailable")
    assert answer.headers["retry-after"]
    seats = [seat.session_id for seat in Seat.across_tenants.all()]
    if device_had_the_seat:
        assert [str(seat) for seat in seats] == [document["session_id"]]
        row = LicenseSession.across_tenants.get()
        assert row.borrowed_until == datetime.fromisoformat(document["lease_expires_at"])
    else:
        assert seats == [None]


def test_s15_lending_is_recorded_with_the_key_that_signed(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor)

    document = download(either_office, vendor.admin, license_).json()

    record = AuditEvent.across_tenants.get(action="seat.borrowed")
    assert (str(record.session_id), record.principal) == (document["session_id"], "user:adam")
    assert record.details["key_id"] == document["key_id"]
    assert SignatureCount.across_tenants.get(document="license_data").count == 1
    everything = json.dumps([event.details for event in AuditEvent.across_tenants.all()])
    assert license_["license_key"] not in everything
    assert "field-laptop" not in everything


def test_s10_a_borrowed_seat_is_released_only_by_who_says_that_he_knows(
    either_office: Office, vendor: People
) -> None:
    license_ = sold(either_office, vendor)
    document = download(either_office, vendor.admin, license_).json()
    path = f"/api/v1/sessions/{document['session_id']}/force-release/"

    refused = either_office.call("POST", path, vendor.admin, json={})
    known = either_office.call("POST", path, vendor.admin, json={"even_if_borrowed": True})

    assert problem(refused) == (409, "seat_borrowed")
    assert refused.json()["borrowed_until"] == document["lease_expires_at"]
    assert known.json()["proofs_expire_at"] == document["lease_expires_at"]
    record = AuditEvent.across_tenants.get(action="seat.force_released")
    assert record.details["borrowed_until"] == document["lease_expires_at"]
    again = download(either_office, vendor.admin, license_, "another-laptop")
    assert again.status_code == 200
    assert again.json()["hardware_id"] == "another-laptop"
