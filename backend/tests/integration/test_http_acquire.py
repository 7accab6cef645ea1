"""Acquire over HTTP, as the contract writes it: exact fields, exact statuses, signed answers."""

import re
from datetime import datetime, timedelta

import pytest

from coditect_license_token import open_delegation, open_license_data
from foundation.clock import rfc3339
from tests.support.customer import Customer
from tests.support.plane import ISSUER, Plane

_LEASE = {
    "session_id",
    "lease_expires_at",
    "heartbeat_interval_seconds",
    "next_heartbeat_in_seconds",
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_a_first_acquire_is_201_and_says_exactly_what_the_contract_says(
    plane: Plane, alice: Customer
) -> None:
    answer = plane.acquire(alice, "laptop-7")

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert set(body) == _LEASE | {"seats", "license_data", "license_token", "delegation"}
    assert _UUID.fullmatch(body["session_id"])
    assert body["lease_expires_at"] == rfc3339(plane.clock.now + timedelta(seconds=360))
    assert body["heartbeat_interval_seconds"] == 120
    assert 108 <= body["next_heartbeat_in_seconds"] <= 120
    assert body["seats"] == {"total": 3, "in_use": 1}


def test_s4_a_repeated_acquire_is_200_with_the_same_session_freshly_signed(
    plane: Plane, alice: Customer
) -> None:
    first = plane.acquire(alice, "laptop-7")
    plane.pass_time(seconds=10)
    second = plane.acquire(alice, "laptop-7")

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["session_id"] == first.json()["session_id"]
    assert second.json()["lease_expires_at"] > first.json()["lease_expires_at"]
    assert second.json()["seats"] == {"total": 3, "in_use": 1}
    assert plane.claims(second.json()).seq == plane.claims(first.json()).seq + 1


def test_both_documents_verify_from_the_bytes_received(plane: Plane, alice: Customer) -> None:
    answer = plane.acquire(alice, "laptop-7", nonce="once-only")

    body = answer.json()
    claims = plane.claims(
        body,
        audience=alice.product.code,
        tenant_id=str(alice.tenant.id),
        license_id=str(alice.license.id),
        hardware_id="laptop-7",
        nonce="once-only",
    )
    data = open_license_data(
        body["license_data"], roots=plane.roots, now=plane.clock.now, hardware_id="laptop-7"
    )
    assert claims.session_id == data.session_id == body["session_id"]
    assert (claims.tier, data.tier) == ("pro", "pro")
    assert data.lease_expires_at == body["lease_expires_at"]
    assert data.license_key == alice.key
    assert claims.license_expires_at == data.expires_at == rfc3339(alice.license.expires_at)


def test_the_seeds_seven_fields_are_in_license_data(plane: Plane, alice: Customer) -> None:
    data = plane.acquire(alice, "laptop-7").json()["license_data"]

    seeds = {"license_key", "session_id", "tier", "expires_at", "signed_at", "signature"}
    added = {"hardware_id", "lease_expires_at", "key_id"}
    assert set(data) == seeds | {"signature_algorithm"} | added
    assert data["signature_algorithm"] == "RSA_SIGN_PKCS1_4096_SHA256"
    assert len(data["signature"]) == 684


def test_s7_the_token_ends_no_later_than_the_stored_lease(plane: Plane, alice: Customer) -> None:
    body = plane.acquire(alice, "laptop-7").json()

    lease_end = datetime.fromisoformat(body["lease_expires_at"]).timestamp()
    assert lease_end - 1 <= plane.claims(body).expires <= lease_end


@pytest.mark.parametrize(
    ("proofs", "come_back"),
    [
        (["license_data"], {"license_data"}),
        (["license_token"], {"license_token", "delegation"}),
        (["license_token", "license_data"], {"license_data", "license_token", "delegation"}),
    ],
)
def test_exactly_the_proofs_asked_for_come_back_and_none_is_null(
    plane: Plane, alice: Customer, proofs: list[str], come_back: set[str]
) -> None:
    body = plane.acquire(alice, "laptop-7", proofs=proofs).json()

    assert set(body) == _LEASE | {"seats"} | come_back
    assert None not in body.values()


def test_a_known_kid_leaves_the_delegation_out(plane: Plane, alice: Customer) -> None:
    first = plane.acquire(alice, "laptop-7", proofs=["license_token"]).json()
    now = int(plane.clock.now.timestamp())
    kid = open_delegation(first["delegation"], roots=plane.roots, now=now, issuer=ISSUER).key.key_id

    again = plane.acquire(alice, "laptop-7", proofs=["license_token"], known_kid=kid).json()
    other = plane.acquire(alice, "laptop-7", proofs=["license_token"], known_kid="x").json()

    assert "delegation" not in again
    assert other["delegation"] == first["delegation"]
    assert plane.claims({**again, "delegation": first["delegation"]}).seq == 2


def test_s3_a_full_license_is_409_with_its_seats_and_when_to_come_back(
    plane: Plane, alice: Customer
) -> None:
    for number in range(3):
        assert plane.acquire(alice, f"laptop-{number}").status_code == 201

    answer = plane.acquire(alice, "one-too-many")

    body = answer.json()
    assert (answer.status_code, body["error"]) == (409, "seats_exhausted")
    assert body["seats"] == {"total": 3, "in_use": 3}
    assert 1 <= body["retry_after_seconds"] <= 361
    assert answer.headers["retry-after"] == str(body["retry_after_seconds"])


def test_a_lease_ends_with_the_license(plane: Plane, alice: Customer) -> None:
    ends = plane.clock.now + timedelta(seconds=100)
    alice.move_expiry(ends)

    body = plane.acquire(alice, "laptop-7").json()

    assert body["lease_expires_at"] == rfc3339(ends)
    assert plane.claims(body).expires <= ends.timestamp()
