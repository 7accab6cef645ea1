"""Every attack on every credential and document that the server takes, over HTTP.

Whatever is wrong, the answer is the one for nobody's: the same status, the same body, no 500.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from support.doors import ACCEPTED, Door, opened_by_attacks, readers
from vectors import documents
from vectors.forge import KEYS
from vectors.kinds import KINDS

from coditect_license.middleware import JWTAuthenticationMiddleware
from coditect_license_token.license_token import FIELD_OF_CLAIM
from foundation.peppers import Peppers
from identity import service_accounts
from identity.rules import Role
from identity.wiring import peppers_from_settings
from tests.support.customer import PEPPERS, Customer
from tests.support.plane import (
    ACQUIRE,
    ISSUER,
    NOBODY,
    SESSIONS,
    Plane,
    as_key,
    problem,
    without_request_id,
)

BACKEND = Path(__file__).resolve().parents[2]
Answer = httpx.Response
BEARER = frozenset({"identity/bearer.py:jws"})
SHOWN = frozenset(
    {"signing/own_tokens.py:open_delegation", "signing/own_tokens.py:open_license_token"}
)
# Each opens what it has sealed itself a moment ago, before that leaves.
OWN_WORK = frozenset(
    {
        "signing/delegation.py:open_delegation",
        "signing/editions.py:open_keyset",
        "signing/editions.py:open_revocations",
        "signing/links.py:follow_links",
    }
)
# The JOSE library, behind the strict reading of identity/bearer.py.
LIBRARY = frozenset(
    f"identity/jose.py:{name}" for name in ("jws", "jwt", "JoseError", "OKPKey", "RSAKey")
)
PLACES = (
    "a bearer token",
    "a license key in the header",
    "a license key in the body",
    "an API token",
    "a bearer token at the control plane",
    "an API token at the control plane",
    "a shown token",
    "a shown delegation",
)


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    issuer_key = tmp_path / "issuer.pem"
    issuer_key.touch(mode=0o600)
    issuer_key.write_bytes((KEYS / "signer.test-key.pem").read_bytes())
    with Plane(db, tmp_path) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=3, key_auth=True)


@pytest.fixture
def door(request: pytest.FixtureRequest, plane: Plane, alice: Customer) -> Door:
    make: Callable[[Plane, Customer], Door] = DOORS[request.param]
    return make(plane, alice)


def outcome(answer: Answer, refused: Answer) -> str:
    """Say accepted, or which problem it was; one that tells more than ``refused`` is named so."""
    if answer.is_success:
        return ACCEPTED
    told = " ".join(map(str, problem(answer)))
    if problem(answer) != problem(refused):
        return told
    same = without_request_id(answer) == without_request_id(refused)
    return told if same else f"{told}, but in other words"


def send(plane: Plane, method: str, path: str, body: dict[str, str], **headers: str) -> Answer:
    """Send a body in ASCII: a lone surrogate is an escape in it, as an attacker would write it."""
    headers["content-type"] = "application/json"
    return plane.call(method, path, content=json.dumps(body), headers=headers)


def bearer(plane: Plane, alice: Customer) -> Door:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    now = int(plane.clock.now.timestamp())
    claims = {
        **documents.BEARER,
        "iss": plane.issuer.issuer,
        "aud": ISSUER,
        "tenant_id": str(alice.tenant.id),
        "iat": now,
        "exp": now + 3_600,
    }
    refused = plane.state(session, as_key("CDT1-NOBODYS"))

    def present(token: bytes) -> str:
        headers = {b"authorization": b"Bearer " + token}
        return outcome(plane.call("GET", f"{SESSIONS}{session}/", headers=headers), refused)

    door = Door(
        kind="bearer",
        present=present,
        refusals=frozenset({"401 invalid_token"}),
        through=BEARER,
        claims=claims,
        harmless=frozenset({"a space in front"}),  # RFC 9110, 11.4: any number, behind the scheme
    )
    assert present(door.good()) == ACCEPTED  # from now on it is remembered
    return door


def api_token_of_a_program(plane: Plane, alice: Customer) -> Door:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    refused = plane.state(session, as_key("CDT1-NOBODYS"))

    def present(token: bytes) -> str:
        headers = {b"authorization": b"Bearer " + token}
        return outcome(plane.call("GET", f"{SESSIONS}{session}/", headers=headers), refused)

    return Door(
        kind="api_token",
        present=present,
        refusals=frozenset({"401 invalid_token"}),
        through=frozenset(),
        claims=issued_token(alice, PEPPERS),
    )


def bearer_at_the_control_plane(plane: Plane, alice: Customer) -> Door:
    leasing = bearer(plane, alice)
    return replace(leasing, present=at_the_control_plane)


def api_token_at_the_control_plane(plane: Plane, alice: Customer) -> Door:
    del plane
    return Door(
        kind="api_token",
        present=at_the_control_plane,
        refusals=frozenset({"401 invalid_token"}),
        through=frozenset(),
        claims=issued_token(alice, peppers_from_settings()),
    )


def at_the_control_plane(credential: bytes) -> str:
    """Present a bearer credential to the control plane; say what came of it."""

    def answered(text: str) -> Any:
        request = RequestFactory().get("/", headers={"authorization": f"Bearer {text}"})
        answer = JWTAuthenticationMiddleware(lambda _: HttpResponse())(request)
        return answer.status_code, answer.content and {
            **json.loads(answer.content),
            "request_id": "",
        }

    status, document = answered(credential.decode("latin-1"))
    if status == 200:
        return ACCEPTED
    told = f"{status} {document['error']}"
    same = (status, document) == answered("nobodys")
    return told if same else f"{told}, but in other words"


def issued_token(alice: Customer, peppers: Peppers) -> str:
    account = service_accounts.create_service_account(
        tenant_id=alice.tenant.id, name="ci", role=Role.MEMBER, principal="user:owner"
    )
    return service_accounts.issue_token(
        tenant_id=alice.tenant.id,
        account_id=account.id,
        lifetime_seconds=3_600,
        peppers=peppers,
        principal="user:owner",
    )[1]


def key_in_header(plane: Plane, alice: Customer) -> Door:
    session = plane.acquire(alice, "laptop").json()["session_id"]
    path = f"{SESSIONS}{session}/"
    refused = plane.state(session, as_key("CDT1-NOBODYS"))

    def present(key: bytes) -> str:
        headers = {b"authorization": b"License " + key}
        return outcome(plane.call("GET", path, headers=headers), refused)

    return Door(
        kind="license_key",
        present=present,
        refusals=frozenset({"401 invalid_token"}),
        through=frozenset(),
        claims=alice.key,
    )


def key_in_body(plane: Plane, alice: Customer) -> Door:
    body = {"license_key": "CDT1-NOBODYS", "hardware_id": "laptop"}
    refused = plane.call("POST", ACQUIRE, json=body)

    def present(key: bytes) -> str:
        members = {**body, "license_key": key.decode("utf-8", "surrogatepass")}
        return outcome(send(plane, "POST", ACQUIRE, members), refused)

    return Door(
        kind="license_key",
        present=present,
        refusals=frozenset({"401 invalid_token", "400 invalid_request"}),
        through=frozenset(),
        claims=alice.key,
    )


def shown_token(plane: Plane, alice: Customer) -> Door:
    session, claims, delegation = lost(plane, alice)
    return shown(
        plane,
        alice,
        session,
        kind="license_token",
        claims=claims,
        body=lambda token: {"license_token": token, "delegation": delegation},
    )


def shown_delegation(plane: Plane, alice: Customer) -> Door:
    session, claims, _ = lost(plane, alice)
    token = KINDS["license_token"].document(claims).decode()
    return shown(
        plane,
        alice,
        session,
        kind="delegation",
        claims=delegated(plane),
        body=lambda delegation: {"license_token": token, "delegation": delegation},
    )


def shown(
    plane: Plane,
    alice: Customer,
    session: str,
    *,
    kind: str,
    claims: dict[str, Any],
    body: Callable[[str], dict[str, str]],
) -> Door:
    key = as_key(alice.key)
    refused = plane.heartbeat(NOBODY, key)
    path = f"{SESSIONS}{session}/heartbeat/"

    def present(document: bytes) -> str:
        text = document.decode("utf-8", "surrogatepass")
        return outcome(send(plane, "PATCH", path, body(text), **key), refused)

    return Door(
        kind=kind,
        present=present,
        refusals=frozenset({"404 not_found", "400 invalid_request"}),
        through=SHOWN,
        claims=claims,
    )


def lost(plane: Plane, alice: Customer) -> tuple[str, dict[str, Any], str]:
    """Return a session the ledger has lost, what its token says, and a delegation for SIGNER."""
    copy = plane.back_up()
    plane.pass_time(60)
    held = plane.acquire(alice, "laptop").json()
    claims = plane.claims(held)
    plane.restore(copy)
    fields = asdict(claims)
    said = {claim: fields[field] for claim, field in FIELD_OF_CLAIM.items()}
    said = {claim: value for claim, value in said.items() if value is not None}
    delegation = KINDS["delegation"].document(delegated(plane))
    return (
        claims.session_id,
        {**said, "entitlements": list(claims.entitlements)},
        delegation.decode(),
    )


def delegated(plane: Plane) -> dict[str, Any]:
    began_at = int(plane.clock.now.timestamp()) - 3_600
    return {
        **documents.DELEGATION,
        "iss": ISSUER,
        "nbf": began_at,
        "exp": began_at + 86_400,
    }


DOORS = dict(
    zip(
        PLACES,
        (
            bearer,
            key_in_header,
            key_in_body,
            api_token_of_a_program,
            bearer_at_the_control_plane,
            api_token_at_the_control_plane,
            shown_token,
            shown_delegation,
        ),
        strict=True,
    )
)


@pytest.mark.parametrize("door", PLACES, indirect=True)
def test_every_attack_has_the_answer_for_nobodys_and_the_good_one_is_taken(door: Door) -> None:
    assert opened_by_attacks(door) == []


def test_every_place_that_reads_a_document_or_a_bearer_token_is_attacked() -> None:
    assert readers(BACKEND) == BEARER | SHOWN | OWN_WORK | LIBRARY


def test_bearer_tokens_are_taken_at_one_door_of_each_plane() -> None:
    users = readers(BACKEND, "BearerVerifier", "bearer_verifier_from_settings") - readers(BACKEND)

    assert users == {
        "leasing/http/credentials.py:BearerVerifier",
        "identity/wiring.py:BearerVerifier",
        "coditect_license/server.py:bearer_verifier_from_settings",
        "coditect_license/console_server.py:bearer_verifier_from_settings",
        "coditect_license/middleware.py:bearer_verifier_from_settings",
        "coditect_license/management/commands/trusted_issuer.py:bearer_verifier_from_settings",
    }
