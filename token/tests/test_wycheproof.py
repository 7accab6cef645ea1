"""Project Wycheproof: every vector comes out as it says, and "acceptable" is not good enough."""

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from support.wycheproof import COUNTS, Group, Vector, each, groups, public_jwk, results, unexpected

from coditect_license_token import (
    Algorithm,
    BadSignature,
    Delegation,
    PublicKey,
    TokenError,
    jws,
    seal_delegation,
    verify,
)
from coditect_license_token import strict_base64 as base64
from coditect_license_token.testing import InMemorySigner

JWS = "json_web_signature_test.json"
# Stated to be invalid, and the same text as a vector stated to be valid; stated to be valid, with
# a "?" in what must be base64url (RFC 7515, section 5.2, step 2).
MISLABELED = (
    "367 invalidBase64Padding",
    "370 invalidBase64PaddingInPayload",
    "372 InvalidCharacterInsertedInHeader",
    "373 InvalidCharacterInsertedInPayload",
)


def _accepts_signature(group: Group, vector: Vector) -> bool:
    key = PublicKey.from_pem(group["publicKeyPem"])
    try:
        key.verify(bytes.fromhex(vector["msg"]), bytes.fromhex(vector["sig"]))
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("rsa_signature_4096_sha256_test.json", Algorithm.RS256),
        ("ed25519_test.json", Algorithm.ED25519),
    ],
)
def test_signatures(name: str, algorithm: Algorithm) -> None:
    found = groups(name)
    assert {PublicKey.from_pem(group["publicKeyPem"]).algorithm for group in found} == {algorithm}
    assert unexpected(found, _accepts_signature) == []


def test_the_one_acceptable_rsa_signature_is_refused() -> None:
    found = groups("rsa_signature_4096_sha256_test.json")
    acceptable = [pair for pair in each(found) if pair[1]["result"] == "acceptable"]
    assert [_accepts_signature(*pair) for pair in acceptable] == [False]


def _accepts_as_rs256(jwk: dict[str, Any], token: str) -> bool:
    """Read strictly, and believe RS256 alone: with a key that is one for RS256 signatures."""
    try:
        parsed = jws.parse(token)
        if parsed.header.get("alg") != "RS256" or not _is_for_rs256(jwk):
            return False
        verify(Algorithm.RS256, _rsa_key(jwk), parsed.signing_input, parsed.signature)
    except TokenError:
        return False
    return True


def _is_for_rs256(jwk: dict[str, Any]) -> bool:
    labels = {"alg": "RS256", "use": "sig", "key_ops": ["verify"]}
    return jwk["kty"] == "RSA" and all(jwk.get(name, own) == own for name, own in labels.items())


def _rsa_key(jwk: dict[str, Any]) -> Any:
    """Load a key that the package itself would not: RSA-2048."""
    exponent, modulus = (int.from_bytes(base64.decode_url(jwk[name]), "big") for name in ("e", "n"))
    return RSAPublicNumbers(exponent, modulus).public_key()


def test_with_rs256_allowed_all_8_valid_and_none_of_355_invalid_are_accepted() -> None:
    accepted = [
        (public_jwk(group)["alg"], vector["result"])
        for group, vector in each(groups(JWS))
        if _accepts_as_rs256(public_jwk(group), vector["jws"])
    ]
    assert accepted == [("RS256", "valid")] * 8
    assert COUNTS[JWS]["invalid"] == 355


def test_a_true_document_is_accepted_in_the_same_way(
    delegation: Delegation, root: InMemorySigner
) -> None:
    token = seal_delegation(delegation, root=root)
    other = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    jwk = root.public_key.jwk()
    assert [_accepts_as_rs256(jwk, text) for text in (token, other)] == [True, False]


def _accepts_hmac(group: Group, vector: Vector) -> bool:
    try:
        parsed = jws.parse(vector["jws"])
        secret = base64.decode_url(public_jwk(group)["k"])
        expected = hmac.digest(secret, parsed.signing_input, hashlib.sha256)
    except TokenError:
        return False
    return parsed.header.get("alg") == "HS256" and expected == parsed.signature


def test_the_base64_and_json_of_compact_jws_with_hs256() -> None:
    found = _hs256_groups()
    assert results(each(found)) == {"valid": 10, "invalid": 30}
    assert unexpected(found, _accepts_hmac) == list(MISLABELED)


def _hs256_groups() -> list[Group]:
    return [group for group in groups(JWS) if public_jwk(group).get("alg") == "HS256"]


def test_the_mislabeled_vectors_are_mislabeled() -> None:
    texts = {vector["tcId"]: vector["jws"] for _, vector in each(_hs256_groups())}
    assert texts[367] == texts[370] == texts[357]  # 357 is stated to be valid
    assert "?" in texts[372]
    assert "?" in texts[373]


@pytest.mark.parametrize("name", [JWS, "json_web_key_test.json"])
def test_jwks_of_other_sizes_and_uses_are_refused(name: str) -> None:
    jwks = [jwk for group in groups(name) for jwk in _jwks(public_jwk(group))]
    assert len(jwks) == {JWS: 23, "json_web_key_test.json": 28}[name]
    for jwk in jwks:
        with pytest.raises(TokenError):
            PublicKey.from_jwk(jwk)


def _jwks(jwk: dict[str, Any]) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = jwk.get("keys", [jwk])
    return keys


def test_jwks_of_the_right_kind_are_taken_without_their_made_up_id() -> None:
    taken = 0
    for name, member in (
        ("rsa_signature_4096_sha256_test.json", "keyJwk"),
        ("ed25519_test.json", "publicKeyJwk"),
    ):
        for group in groups(name):
            jwk = {name: value for name, value in group[member].items() if name != "kid"}
            assert PublicKey.from_jwk(jwk) == PublicKey.from_pem(group["publicKeyPem"])
            taken += 1
    assert taken == 79


def test_the_document_states_these_counts() -> None:
    document = (Path(__file__).parents[2] / "docs/verification.md").read_text(encoding="utf-8")
    rsa, ed25519, signatures, keys = (sum(counts.values()) for counts in COUNTS.values())
    invalid = COUNTS[JWS]["invalid"]
    assert f"SHA-256 ({rsa}) and of Ed25519 ({ed25519})" in document
    assert f"all 8 valid are accepted, all {invalid} invalid refused" in document
    assert f"of the {keys} with key sets" in document
    assert signatures == invalid + 46
