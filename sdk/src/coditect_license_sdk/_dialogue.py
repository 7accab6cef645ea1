"""What is said to the server and what its answers mean. No I/O: calls out, answers in.

Source of every shape here: design/contract.md, Leasing plane.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from coditect_license_sdk._problems import error_of
from coditect_license_sdk._wire import Answer, Call, Deed, read_object, read_seconds, read_text
from coditect_license_sdk.errors import ServerFault, VerificationFailed

if TYPE_CHECKING:
    from coditect_license_sdk._trust import KeyNews, Trust
    from coditect_license_sdk._verify import Expected, Proof, Verified
    from coditect_license_token import LicenseToken

_PREFIX: Final = "/api/v1/licenses"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A lease as the server signed it: everything in `claims` was verified."""

    claims: "LicenseToken"
    proof: "Proof"
    key_id: str
    root_id: str
    interval_seconds: float
    next_seconds: float
    seats_total: int | None = None
    seats_in_use: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A renewal without a new proof: the seat is kept, the held proof still counts."""

    interval_seconds: float | None
    next_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who speaks: a program (`instance_id`) on a device, for a license."""

    license_key: str
    hardware_id: str
    instance_id: str
    expected: "Expected"
    metadata: Mapping[str, object]


def acquire_call(party: Party, *, known_kid: str | None) -> Call:
    """Ask for a seat, with the license token as its only proof."""
    nonce = new_nonce()
    body: dict[str, object] = {
        "license_key": party.license_key,
        "hardware_id": party.hardware_id,
        "instance_id": party.instance_id,
        "proofs": ["license_token"],
        "nonce": nonce,
    }
    optional = {"known_kid": known_kid, "metadata": party.metadata}
    body |= {name: value for name, value in optional.items() if value}
    return Call(
        deed=Deed.ACQUIRE,
        method="POST",
        path=f"{_PREFIX}/acquire/",
        query={},
        body=body,
        nonce=nonce,
    )


def heartbeat_call(
    party: Party, held: Grant, *, fresh_proof: bool, known_kid: str | None, show_proof: bool
) -> Call:
    """Renew a lease; with `fresh_proof` the answer must carry a new token."""
    nonce = new_nonce() if fresh_proof else None
    body: dict[str, object] = {"instance_id": party.instance_id}
    if nonce is not None:
        body["nonce"] = nonce
    if nonce is not None and known_kid is not None:
        body["known_kid"] = known_kid
    if show_proof:
        body["license_token"] = held.proof.license_token
        body["delegation"] = held.proof.delegation
    path = f"{_session_path(held.claims.session_id)}heartbeat/"
    return Call(deed=Deed.HEARTBEAT, method="PATCH", path=path, query={}, body=body, nonce=nonce)


def release_call(session_id: str, *, instance_id: str) -> Call:
    """Give a seat back for one program of the device."""
    return Call(
        deed=Deed.RELEASE,
        method="DELETE",
        path=_session_path(session_id),
        query={"instance_id": instance_id},
    )


def keys_call() -> Call:
    """Ask for the signed key set."""
    return Call(deed=Deed.KEYS, method="GET", path=f"{_PREFIX}/keys/", query={})


def health_call() -> Call:
    """Ask whether anybody is there."""
    return Call(deed=Deed.HEALTH, method="GET", path="/health/", query={})


def new_nonce() -> str:
    """Draw what only this request's answer can repeat (192 bits)."""
    return base64.urlsafe_b64encode(os.urandom(24)).decode("ascii")


def open_grant(
    answer: Answer, call: Call, *, party: Party, trust: "Trust", known_delegation: str | None
) -> Grant:
    """Verify the answer to an acquire, or to a heartbeat with a nonce.

    `known_delegation` serves where the server left it out because it was named by `known_kid`.
    Raises the typed error of a refusal, ServerFault for a body outside the contract, and
    VerificationFailed when a signed part does not hold.
    """
    from coditect_license_sdk._verify import (
        Proof,
        open_fresh_proof,
    )

    body = _accepted(answer)
    delegation = known_delegation if "delegation" not in body else read_text(body, "delegation")
    if delegation is None or call.nonce is None:
        raise ServerFault("an answer without delegation")
    proof = Proof(read_text(body, "license_token"), delegation)
    verified = open_fresh_proof(
        proof,
        roots=trust.roots,
        expected=party.expected,
        nonce=call.nonce,
        revoked=trust.revoked,
    )
    session_id = verified.claims.session_id
    if body.get("session_id", session_id) != session_id:
        raise VerificationFailed("the answer names another session than its token")
    return _grant(body, verified, proof)


def _grant(body: Mapping[str, Any], verified: "Verified", proof: "Proof") -> Grant:
    claims = verified.claims
    lease_seconds = float(claims.expires - claims.issued_at)
    seats = body.get("seats")
    counts = seats if isinstance(seats, dict) else {}
    return Grant(
        claims=claims,
        proof=proof,
        key_id=verified.key_id,
        root_id=verified.root_id,
        interval_seconds=_interval_seconds(body) or lease_seconds / 3,
        next_seconds=read_seconds(body, "next_heartbeat_in_seconds"),
        seats_total=_count(counts.get("total")),
        seats_in_use=_count(counts.get("in_use")),
    )


def open_acknowledgement(answer: Answer) -> Acknowledgement:
    """Read the answer to a heartbeat that asked for no proof.

    A token in it is not looked at: without a nonce it could be an old one.
    """
    body = _accepted(answer)
    return Acknowledgement(
        interval_seconds=_interval_seconds(body),
        next_seconds=read_seconds(body, "next_heartbeat_in_seconds"),
    )


def open_keys(answer: Answer) -> "KeyNews":
    """Give what an answer says of the keys, not yet verified. Raises ServerFault."""
    return read_keys(_accepted(answer))


def read_keys(body: Mapping[str, Any]) -> "KeyNews":
    """Give what an answer's body says of the keys. Servers of old say only `keyset`."""
    from coditect_license_sdk._trust import (
        Edition,
        KeyNews,
    )

    editions = [
        Edition(keyset=read_text(one, "keyset"), revocations=read_text(one, "revocations"))
        for one in _list(body, "editions")
        if isinstance(one, dict)
    ]
    links = tuple(link for link in _list(body, "links") if isinstance(link, str))
    alone = Edition(keyset=read_text(body, "keyset"))
    return KeyNews(editions=tuple(editions) or (alone,), links=links)


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list):
        raise ServerFault(f"an answer whose {name} is not a list")
    return value


def require_success(answer: Answer) -> None:
    """Raise the typed error of an answer that is not 2xx."""
    if not answer.succeeded:
        raise error_of(answer)


def _accepted(answer: Answer) -> dict[str, Any]:
    require_success(answer)
    return read_object(answer)


def _interval_seconds(body: Mapping[str, Any]) -> float | None:
    if "heartbeat_interval_seconds" not in body:
        return None
    return max(read_seconds(body, "heartbeat_interval_seconds"), 1.0)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _session_path(session_id: str) -> str:
    return f"{_PREFIX}/sessions/{quote(session_id, safe='')}/"
