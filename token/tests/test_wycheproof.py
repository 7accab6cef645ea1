"""Project Wycheproof: every vector comes out as it says, and "acceptable" is not good enough.

The files are those of C2SP/wycheproof; `WYCHEPROOF_DIR` names their folder.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from coditect_license_token import Algorithm, BadSignature, PublicKey, TokenError, jws, verify
from coditect_license_token import strict_base64 as base64

_PROJECT = Path(__file__).parents[2]
_BESIDE_THE_PROJECT = _PROJECT.parent / "shared" / "vectors" / "wycheproof"
Group = dict[str, Any]
Test = dict[str, Any]
# Stated to be invalid, and the same text as a vector stated to be valid; stated to be valid, with
# a "?" in what must be base64url (RFC 7515, section 5.2, step 2).
MISLABELED = (
    "367 invalidBase64Padding",
    "370 invalidBase64PaddingInPayload",
    "372 InvalidCharacterInsertedInHeader",
    "373 InvalidCharacterInsertedInPayload",
)


def _groups(name: str) -> list[Group]:
    folder = Path(os.environ.get("WYCHEPROOF_DIR", _BESIDE_THE_PROJECT))
    path = folder / name
    if not path.exists():
        pytest.skip(f"WYCHEPROOF VECTORS NOT FOUND: {path}; set WYCHEPROOF_DIR to run this test")
    groups: list[Group] = json.loads(path.read_text(encoding="utf-8"))["testGroups"]
    return groups


def _each(groups: list[Group]) -> Iterator[tuple[Group, Test]]:
    for group in groups:
        for test in group["tests"]:
            yield group, test


def _unexpected(groups: list[Group], accepts: Callable[[Group, Test], bool]) -> list[str]:
    """Name the vectors whose outcome is not the stated one; only "valid" may be accepted."""
    return [
        f"{test['tcId']} {test['comment']}"
        for group, test in _each(groups)
        if accepts(group, test) is not (test["result"] == "valid")
    ]


def _accepts_signature(group: Group, test: Test) -> bool:
    key = PublicKey.from_pem(group["publicKeyPem"])
    try:
        key.verify(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
    except BadSignature:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "algorithm", "count"),
    [
        ("rsa_signature_4096_sha256_test.json", Algorithm.RS256, 258),
        ("ed25519_test.json", Algorithm.ED25519, 151),
    ],
)
def test_signatures(name: str, algorithm: Algorithm, count: int) -> None:
    groups = _groups(name)
    assert len(list(_each(groups))) >= count
    assert {PublicKey.from_pem(group["publicKeyPem"]).algorithm for group in groups} == {algorithm}
    assert _unexpected(groups, _accepts_signature) == []


def test_the_one_acceptable_rsa_signature_is_refused() -> None:
    groups = _groups("rsa_signature_4096_sha256_test.json")
    acceptable = [pair for pair in _each(groups) if pair[1]["result"] == "acceptable"]
    assert [_accepts_signature(*pair) for pair in acceptable] == [False]


def _jwk(group: Group) -> dict[str, Any]:
    jwk: dict[str, Any] = group["public"] if "public" in group else group["private"]
    return jwk


def _accepts_jws(group: Group, test: Test) -> bool:
    jwk = _jwk(group)
    try:
        parsed = jws.parse(test["jws"])
        if parsed.header.get("alg") != jwk["alg"]:
            return False
        _verify(jwk, parsed)
    except TokenError:
        return False
    return True


def _verify(jwk: dict[str, str], parsed: jws.CompactJws) -> None:
    """Verify with keys that the package itself would not load: RSA-2048, and HMAC for base64."""
    if jwk["kty"] == "oct":
        expected = hmac.digest(base64.decode_url(jwk["k"]), parsed.signing_input, hashlib.sha256)
        if not hmac.compare_digest(expected, parsed.signature):
            raise BadSignature
        return
    exponent, modulus = (int.from_bytes(base64.decode_url(jwk[name]), "big") for name in ("e", "n"))
    key = RSAPublicNumbers(exponent, modulus).public_key()
    verify(Algorithm.RS256, key, parsed.signing_input, parsed.signature)


def _jws_groups(algorithm: str) -> list[Group]:
    groups = _groups("json_web_signature_test.json")
    return [group for group in groups if _jwk(group).get("alg") == algorithm]


def test_compact_jws_with_rs256() -> None:
    groups = _jws_groups("RS256")
    assert len(list(_each(groups))) >= 233
    assert _unexpected(groups, _accepts_jws) == []


def test_the_base64_and_json_of_compact_jws_with_hs256() -> None:
    groups = _jws_groups("HS256")
    assert len(list(_each(groups))) >= 39
    assert _unexpected(groups, _accepts_jws) == list(MISLABELED)


def test_the_mislabeled_vectors_are_mislabeled() -> None:
    texts = {test["tcId"]: test["jws"] for _, test in _each(_jws_groups("HS256"))}
    assert texts[367] == texts[370] == texts[357]  # 357 is stated to be valid
    assert "?" in texts[372]
    assert "?" in texts[373]


def test_jwks_of_other_sizes_and_uses_are_refused() -> None:
    for group in _groups("json_web_signature_test.json"):
        with pytest.raises(TokenError):
            PublicKey.from_jwk(_jwk(group))


def test_jwks_of_the_right_kind_are_taken_without_their_made_up_id() -> None:
    for name, member in (
        ("rsa_signature_4096_sha256_test.json", "keyJwk"),
        ("ed25519_test.json", "publicKeyJwk"),
    ):
        for group in _groups(name):
            jwk = {name: value for name, value in group[member].items() if name != "kid"}
            assert PublicKey.from_jwk(jwk) == PublicKey.from_pem(group["publicKeyPem"])
