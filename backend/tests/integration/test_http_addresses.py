"""Addresses with and without their slash; the public keys; health."""

import pytest

from coditect_license_token import open_keyset
from tests.support.customer import Customer
from tests.support.plane import ACQUIRE, SESSIONS, Plane, as_key


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_trailing_slash_is_optional_on_every_path(
    plane: Plane, alice: Customer, slash: str
) -> None:
    key = as_key(alice.key)
    body = {"license_key": alice.key, "hardware_id": "laptop-7"}
    taken = plane.call("POST", ACQUIRE.removesuffix("/") + slash, json=body)
    session = f"{SESSIONS}{taken.json()['session_id']}"

    assert taken.status_code == 201
    assert plane.call("PATCH", f"{session}/heartbeat{slash}", headers=key).status_code == 200
    assert plane.call("GET", f"{session}{slash}", headers=key).status_code == 200
    assert plane.call("DELETE", f"{session}{slash}", headers=key).status_code == 204
    for path in ("/api/v1/licenses/keys", "/.well-known/jwks.json", "/health", "/health/live"):
        assert plane.call("GET", path + slash).status_code == 200, path
    assert plane.call("GET", f"/health/ready{slash}").json() == {"status": "ok"}


def test_health_says_ok_and_nothing_more(plane: Plane) -> None:
    for path in ("/health", "/health/", "/health/live", "/health/ready"):
        answer = plane.call("GET", path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_the_key_set_is_signed_and_has_each_key_as_jwk_and_pem(plane: Plane) -> None:
    answer = plane.call("GET", "/api/v1/licenses/keys/")

    body = answer.json()
    now = int(plane.clock.now.timestamp()) + 1
    keyset = open_keyset(body["keyset"], roots=plane.roots, now=now)
    assert keyset.version == body["version"]
    (key,) = body["keys"]
    assert (key["kid"], key["status"]) == (plane.root.key_id, "active")
    assert key["pem"].startswith("-----BEGIN PUBLIC KEY-----")


def test_the_jwks_is_plain_and_public(plane: Plane) -> None:
    body = plane.call("GET", "/.well-known/jwks.json").json()

    assert set(body) == {"keys"}
    assert [key["kid"] for key in body["keys"]] == [plane.root.key_id]
    assert not {"d", "p", "q", "status", "pem"} & set(body["keys"][0])
