"""Reinstatement over HTTP: whose token brings a lost session back, and whose does not.

A restore takes the ledger back to before the session; its program shows its last token.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from coditect_license_token import (
    Delegation,
    KeyStatus,
    Signer,
    seal_delegation,
    seal_license_token,
)
from coditect_license_token.testing import InMemorySigner
from identity.rules import Role
from signing.delegation import MemorySigner
from signing.models import SigningKey
from tests.support.customer import Customer
from tests.support.plane import ISSUER, NOBODY, Plane, as_key, problem

KEYS: Final = Path(__file__).resolve().parents[3] / "token/vectors/keys"
NOT_FOUND: Final = (404, "not_found")
Shown = dict[str, Any]


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    with Plane(db, tmp_path) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=2, key_auth=True)


@pytest.fixture
def shown(plane: Plane, alice: Customer) -> Shown:
    """What a program has in its hands whose session was lost."""
    copy = plane.back_up()
    plane.pass_time(60)
    held = plane.acquire(alice, "laptop").json()
    plane.restore(copy)
    return dict(held)


def show(plane: Plane, key: dict[str, str], held: Shown, **others: str) -> tuple[int, str]:
    """Show a token for a session; return status and code of the refusal, or 200."""
    body = {name: held[name] for name in ("license_token", "delegation")} | others
    session_id = body.pop("session_id", held["session_id"])
    answer = plane.heartbeat(session_id, key, **body)
    return (200, "") if answer.status_code == 200 else problem(answer)


def other_root() -> InMemorySigner:
    return InMemorySigner.from_pem((KEYS / "other-root.test-key.pem").read_bytes())


def signed(
    plane: Plane, held: Shown, *, root: Signer | None = None, ago: int = 60, **forged: Any
) -> Shown:
    """Return what is held with a token and delegation of another process, changed as asked."""
    signer = MemorySigner()
    began_at = int(plane.clock.now.timestamp()) - ago
    mandate = Delegation(
        issuer=forged.get("issuer", ISSUER),
        key=signer.public_key,
        not_before=began_at,
        expires=began_at + 3_600,
        max_lease_seconds=1_800,
        tiers=("*",),
    )
    token = seal_license_token(replace(plane.claims(held), **forged), signer=signer)
    delegation = seal_delegation(mandate, root=root or plane.root)
    return {**held, "license_token": token, "delegation": delegation}


def test_a_lost_session_comes_back_by_its_token_and_goes_on(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    key = as_key(alice.key)
    assert problem(plane.heartbeat(shown["session_id"], key)) == NOT_FOUND

    tokens = {name: shown[name] for name in ("license_token", "delegation")}
    back = plane.heartbeat(shown["session_id"], key, nonce="n-1", **tokens)
    plane.pass_time(120)
    later = plane.heartbeat(shown["session_id"], key)

    assert (back.status_code, later.status_code) == (200, 200)
    claims = plane.claims(back.json(), hardware_id="laptop", nonce="n-1")
    assert claims.session_id == shown["session_id"]
    assert claims.gen >= plane.claims(shown).gen
    assert plane.acquire(alice, "laptop").json()["session_id"] == shown["session_id"]


def test_a_person_of_the_tenant_brings_it_back_too(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    assert show(plane, plane.as_user(alice), shown) == (200, "")


def test_a_token_that_another_process_of_ours_signed_is_as_good(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    assert show(plane, as_key(alice.key), signed(plane, shown)) == (200, "")


def test_a_token_under_a_root_that_was_replaced_since_is_as_good(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    SigningKey.objects.update(status=KeyStatus.RETIRED.value)

    assert show(plane, as_key(alice.key), shown) == (200, "")


def test_a_token_under_a_root_that_was_revoked_brings_nothing_back(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    SigningKey.objects.update(status=KeyStatus.REVOKED.value)

    assert show(plane, as_key(alice.key), shown) == NOT_FOUND


def test_s11_a_token_of_another_tenant(plane: Plane, alice: Customer, shown: Shown) -> None:
    del alice
    bob = Customer("bob", seats=2, key_auth=True)

    for credential in (as_key(bob.key), plane.as_user(bob)):
        assert show(plane, credential, shown) == NOT_FOUND


def test_s11_the_answer_to_another_tenants_token_is_that_to_no_token(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    del alice
    bob = Customer("bob", seats=2, key_auth=True)
    tokens = {name: shown[name] for name in ("license_token", "delegation")}

    foreign = plane.heartbeat(shown["session_id"], as_key(bob.key), **tokens).json()
    nobodys = plane.heartbeat(NOBODY, as_key(bob.key)).json()

    assert foreign.pop("request_id") != nobodys.pop("request_id")
    assert foreign == nobodys


def test_s11_the_key_of_another_license(plane: Plane, alice: Customer, shown: Shown) -> None:
    other = Customer("alice-too", seats=2, key_auth=True, tenant=alice.tenant)

    assert show(plane, as_key(other.key), shown) == NOT_FOUND


@pytest.mark.parametrize(
    "claim", ["tenant_id", "license_id", "audience", "session_id"], ids=lambda claim: claim
)
def test_s11_a_signed_claim_that_is_not_the_sessions(
    plane: Plane, alice: Customer, shown: Shown, claim: str
) -> None:
    changed: Shown = {claim: NOBODY}
    forged = signed(plane, shown, **changed)

    assert show(plane, as_key(alice.key), forged) == NOT_FOUND


def test_s11_a_viewer_brings_nothing_back(plane: Plane, alice: Customer, shown: Shown) -> None:
    assert show(plane, plane.as_user(alice, Role.VIEWER), shown) == (403, "forbidden")


def test_a_delegation_that_was_changed(plane: Plane, alice: Customer, shown: Shown) -> None:
    head, payload, signature = shown["delegation"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    longer = json.dumps({**claims, "exp": claims["exp"] + 1}, sort_keys=True).encode()
    forged = f"{head}.{base64.urlsafe_b64encode(longer).decode().rstrip('=')}.{signature}"

    assert show(plane, as_key(alice.key), shown, delegation=forged) == NOT_FOUND


def test_a_delegation_by_a_root_that_is_not_ours(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    forged = signed(plane, shown, root=other_root())

    assert show(plane, as_key(alice.key), forged) == NOT_FOUND


def test_a_delegation_that_ended_before_its_token(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    assert show(plane, as_key(alice.key), signed(plane, shown, ago=3_500)) == NOT_FOUND


def test_a_token_that_ended(plane: Plane, alice: Customer, shown: Shown) -> None:
    plane.clock.advance(360)

    assert show(plane, as_key(alice.key), shown) == NOT_FOUND


def test_a_token_of_another_issuer_under_our_root(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    elsewhere = signed(plane, shown, issuer="https://elsewhere.example")

    assert show(plane, as_key(alice.key), elsewhere) == NOT_FOUND


def test_a_token_of_another_deployment(plane: Plane, alice: Customer, shown: Shown) -> None:
    elsewhere = signed(plane, shown, root=other_root(), issuer="http://127.0.0.1:8000")

    assert show(plane, as_key(alice.key), elsewhere) == NOT_FOUND


def test_an_older_holder_of_the_devices_seat_is_honored_and_takes_nothing(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    key = as_key(alice.key)
    anew = plane.acquire(alice, "laptop").json()
    plane.pass_time(30)

    assert show(plane, key, shown) == (200, "")

    session = plane.state(shown["session_id"], key).json()
    assert session["lease_expires_at"] == shown["lease_expires_at"][:20] + "000000+00:00"
    assert plane.heartbeat(anew["session_id"], key).status_code == 200
    assert plane.acquire(alice, "laptop").json()["seats"]["in_use"] == 1


@pytest.mark.parametrize(
    ("token", "delegation"),
    [
        ("delegation", "license_token"),
        ("license_token", "license_token"),
        ("delegation", "delegation"),
    ],
)
def test_documents_of_the_wrong_purpose(
    plane: Plane, alice: Customer, shown: Shown, token: str, delegation: str
) -> None:
    mixed = {**shown, "license_token": shown[token], "delegation": shown[delegation]}

    assert show(plane, as_key(alice.key), mixed) == NOT_FOUND


def test_the_key_set_is_no_delegation_and_an_identity_token_no_lease(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    keyset = plane.call("GET", "/api/v1/licenses/keys/").json()["keyset"]
    identity = plane.as_user(alice)["authorization"].removeprefix("Bearer ")
    key = as_key(alice.key)

    assert show(plane, key, {**shown, "license_token": identity}) == NOT_FOUND
    assert (
        problem(
            plane.heartbeat(
                shown["session_id"],
                key,
                license_token=shown["license_token"],
                delegation=keyset[:8192],
            )
        )
        == NOT_FOUND
    )


def test_only_one_of_the_two_documents_brings_nothing_back(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    for name in ("license_token", "delegation"):
        answer = plane.heartbeat(shown["session_id"], as_key(alice.key), **{name: shown[name]})
        assert problem(answer) == NOT_FOUND


def test_s17_documents_that_are_too_long_are_not_read(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    long = {**shown, "license_token": shown["license_token"] + "A" * 8_192}

    assert show(plane, as_key(alice.key), long) == (400, "invalid_request")
    assert plane.own_tokens.opened == 0


@pytest.mark.parametrize("part", ["header", "payload"])
def test_s17_documents_that_nest_deeply(
    plane: Plane, alice: Customer, shown: Shown, part: str
) -> None:
    deep = base64.urlsafe_b64encode(b'{"a":' * 500 + b"1" + b"}" * 500).decode().rstrip("=")
    head, payload, signature = shown["license_token"].split(".")
    parts = (deep, payload, signature) if part == "header" else (head, deep, signature)

    forged = {**shown, "license_token": ".".join(parts)}

    assert show(plane, as_key(alice.key), forged) == NOT_FOUND


@pytest.mark.parametrize("credential", [{}, {"authorization": "License CDT1-NO-SUCH-KEY"}])
def test_s17_nobody_without_a_credential_has_signatures_verified(
    plane: Plane, alice: Customer, shown: Shown, credential: dict[str, str]
) -> None:
    del alice

    assert show(plane, credential, shown)[0] == 401
    assert plane.own_tokens.opened == 0


def test_s17_heartbeats_of_known_sessions_cost_no_verification(
    plane: Plane, alice: Customer
) -> None:
    held = plane.acquire(alice, "laptop").json()

    assert show(plane, as_key(alice.key), held) == (200, "")
    assert plane.own_tokens.opened == 0


def test_s17_a_storm_of_replays_changes_nothing_after_the_first(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    key = as_key(alice.key)
    assert show(plane, key, shown) == (200, "")
    plane.release(shown["session_id"], key)
    after_the_release = plane.ledger()

    answers = {show(plane, key, shown) for _ in range(100)}

    assert answers == {(410, "lease_lost")}
    assert plane.ledger() == after_the_release


def test_s12_a_suspended_license_answers_403_as_usual(
    plane: Plane, alice: Customer, shown: Shown
) -> None:
    alice.suspend()

    assert show(plane, as_key(alice.key), shown) == (403, "license_suspended")
