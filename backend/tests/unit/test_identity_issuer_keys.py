"""Which keys of an issuer are taken, and which rows are refused whole."""

import math
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from coditect_license_token import strict_base64
from identity.errors import InvalidCredential, UnusableIssuer
from identity.issuers import Issuer, IssuerTable, issuer_keys
from identity.rules import PrincipalKind


def public_jwk(key: RSAKey | OKPKey | ECKey, **labels: object) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": "k1", **labels}


@pytest.fixture(scope="module")
def ed25519() -> OKPKey:
    return OKPKey.import_key(Ed25519PrivateKey.generate())


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.import_key(generate_private_key(65537, 2048))


def test_rsa_and_ed25519_keys_are_taken_with_their_one_algorithm(
    rsa: RSAKey, ed25519: OKPKey
) -> None:
    jwks = {"keys": [public_jwk(rsa), public_jwk(ed25519, kid="k2", use="sig", alg="Ed25519")]}

    keys = issuer_keys(jwks, ["RS256", "Ed25519"])

    assert {key_id: key.algorithm for key_id, key in keys.items()} == {
        "k1": "RS256",
        "k2": "Ed25519",
    }


@pytest.mark.parametrize(
    "algorithms", [[], ["none"], ["HS256"], ["RS256", "HS256"], ["EdDSA"], ["rs256"]]
)
def test_a_row_with_another_algorithm_is_refused(rsa: RSAKey, algorithms: list[str]) -> None:
    with pytest.raises(UnusableIssuer):
        issuer_keys({"keys": [public_jwk(rsa)]}, algorithms)


def test_a_key_for_an_algorithm_the_row_does_not_allow_is_refused(rsa: RSAKey) -> None:
    with pytest.raises(UnusableIssuer, match="not allowed"):
        issuer_keys({"keys": [public_jwk(rsa)]}, ["Ed25519"])


@pytest.mark.parametrize(
    "labels",
    [
        {"use": "enc"},
        {"key_ops": ["sign"]},
        {"key_ops": ["verify", "encrypt"]},
        {"alg": "PS256"},
        {"alg": "HS256"},
        {"kid": ""},
        {"kid": 7},
        {"kid": None},
    ],
)
def test_a_key_for_another_use_or_without_a_name_is_refused(
    rsa: RSAKey, labels: dict[str, object]
) -> None:
    with pytest.raises(UnusableIssuer):
        issuer_keys({"keys": [public_jwk(rsa, **labels)]}, ["RS256"])


def test_a_private_or_symmetric_key_is_refused(ed25519: OKPKey) -> None:
    private = {**ed25519.as_dict(private=True), "kid": "k1"}
    symmetric = {**OctKey.import_key("s" * 32).as_dict(), "kid": "k1"}

    for jwk in (private, symmetric):
        with pytest.raises(UnusableIssuer):
            issuer_keys({"keys": [jwk]}, ["Ed25519", "RS256"])


def test_keys_of_other_kinds_and_small_ones_are_refused() -> None:
    with pytest.warns(SecurityWarning):
        small = RSAKey.import_key(generate_private_key(65537, 1024))
    others: list[RSAKey | OKPKey | ECKey] = [
        ECKey.generate_key("P-256"),
        OKPKey.generate_key("Ed448"),
        small,
    ]

    for key in others:
        with pytest.raises(UnusableIssuer):
            issuer_keys({"keys": [public_jwk(key)]}, ["Ed25519", "RS256"])


@pytest.mark.parametrize(
    "broken", [{"n": 7}, {"n": "!"}, {"e": None}, {"kty": "OKP"}, {"kty": ["RSA"]}]
)
def test_a_key_that_cannot_be_read_is_refused(rsa: RSAKey, broken: dict[str, object]) -> None:
    with pytest.raises(UnusableIssuer):
        issuer_keys({"keys": [public_jwk(rsa, **broken)]}, ["RS256"])


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": {}}, {"keys": ["k1"]}])
def test_a_row_without_keys_is_refused(jwks: dict[str, Any]) -> None:
    with pytest.raises(UnusableIssuer):
        issuer_keys(jwks, ["RS256"])


def test_a_key_id_twice_is_refused(rsa: RSAKey, ed25519: OKPKey) -> None:
    with pytest.raises(UnusableIssuer, match="twice"):
        issuer_keys({"keys": [public_jwk(rsa), public_jwk(ed25519)]}, ["RS256", "Ed25519"])


def test_a_token_may_repeat_the_keys_algorithm_and_not_choose_it(rsa: RSAKey) -> None:
    keys = issuer_keys({"keys": [public_jwk(rsa)]}, ["RS256", "Ed25519"])
    issuer = Issuer(issuer="i", audience="a", kind=PrincipalKind.USER, keys=keys)

    assert issuer.key("k1", "RS256").key_id == "k1"
    for key_id, algorithm in (("k1", "Ed25519"), ("k1", "none"), ("k2", "RS256")):
        with pytest.raises(InvalidCredential):
            issuer.key(key_id, algorithm)


class TestTheTable:
    ROW = Issuer(issuer="https://a.example", audience="App", kind=PrincipalKind.USER, keys={})
    TABLE = IssuerTable((ROW,))

    def test_finds_an_issuer_by_its_exact_name_and_audience(self) -> None:
        assert self.TABLE.find("https://a.example", "App") is self.ROW

    @pytest.mark.parametrize(
        ("issuer", "audience"),
        [
            ("https://a.example/", "App"),
            ("https://a.exampl", "App"),
            ("HTTPS://a.example", "App"),
            ("https://a.example", "app"),
            ("https://a.example", "Ap"),
            ("https://a.example", "Apple"),
            ("https://a.example", ["App"]),
            ("https://a.example", None),
            (["https://a.example"], "App"),
            (None, "App"),
            ({}, {}),
        ],
    )
    def test_finds_nothing_else(self, issuer: object, audience: object) -> None:
        with pytest.raises(InvalidCredential):
            self.TABLE.find(issuer, audience)


def test_an_rsa_key_of_the_kind_that_can_be_factored_is_refused() -> None:
    primes = [n for n in range(3, 168) if all(n % d for d in range(2, n))]
    modulus = 1 + math.prod(primes) * 2 ** (2048 - math.prod(primes).bit_length())
    encoded = strict_base64.encode_url(modulus.to_bytes(256, "big"))

    with pytest.raises(UnusableIssuer, match="CVE-2017-15361"):
        issuer_keys({"keys": [{"kty": "RSA", "n": encoded, "e": "AQAB", "kid": "k1"}]}, ["RS256"])
