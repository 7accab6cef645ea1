"""Keys are loaded strictly and known by their thumbprint."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_public_key,
)

from coditect_license_token import (
    Algorithm,
    BadSignature,
    MalformedDocument,
    PublicKey,
    Roots,
    UnknownKey,
    strict_base64,
    verify,
)
from coditect_license_token.testing import InMemorySigner

KEYS = Path(__file__).parents[1] / "vectors" / "keys"
# RFC 8037, appendix A.2 and A.3: an Ed25519 key and its thumbprint.
RFC_8037_JWK = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
RFC_8037_KEY_ID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    assert PublicKey.from_jwk(RFC_8037_JWK).key_id == RFC_8037_KEY_ID


def test_the_thumbprint_of_an_rsa_key_is_that_of_rfc_7638(root: InMemorySigner) -> None:
    jwk = root.public_key.jwk()
    text = f'{{"e":"{jwk["e"]}","kty":"RSA","n":"{jwk["n"]}"}}'
    assert root.key_id == strict_base64.encode_url(hashlib.sha256(text.encode()).digest())
    assert len(root.key_id) == 43


def test_a_key_survives_pem_and_jwk(root: InMemorySigner, signer: InMemorySigner) -> None:
    for key in (root.public_key, signer.public_key):
        again = (PublicKey.from_pem(key.pem()), PublicKey.from_pem(key.pem().encode()))
        assert {key, *again, PublicKey.from_jwk(json.loads(json.dumps(key.jwk())))} == {key}


def test_the_jwk_names_id_algorithm_and_use(root: InMemorySigner, signer: InMemorySigner) -> None:
    for key, algorithm in ((root, "RS256"), (signer, "Ed25519")):
        labels = {"kid": key.key_id, "alg": algorithm, "use": "sig"}
        assert labels.items() <= key.public_key.jwk().items()


def test_a_pem_may_explain_itself(root: InMemorySigner) -> None:
    assert PublicKey.from_pem("# the root of 2026\n" + root.public_key.pem()) == root.public_key


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        ed448.Ed448PrivateKey.generate().public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),
        "a text",
    ],
)
def test_keys_of_other_kinds_are_refused(key: rsa.RSAPublicKey) -> None:
    with pytest.raises(MalformedDocument):
        PublicKey.from_cryptography(key)


def test_a_key_cannot_be_changed(signer: InMemorySigner) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        signer.public_key.key_id = "another"  # type: ignore[misc]


def test_a_key_shows_its_id_and_no_object(signer: InMemorySigner) -> None:
    shown = repr(signer.public_key)
    assert signer.key_id in shown
    assert "cryptography" not in shown


def test_a_signature_verifies_under_its_own_key_only(
    root: InMemorySigner, other_root: InMemorySigner, signer: InMemorySigner
) -> None:
    for key in (root, signer):
        key.public_key.verify(b"message", key.sign(b"message"))
        for wrong in (other_root, signer if key is root else root):
            with pytest.raises(BadSignature, match="does not verify"):
                wrong.public_key.verify(b"message", key.sign(b"message"))


def test_the_algorithm_must_be_the_keys() -> None:
    ed25519_key = ed25519.Ed25519PrivateKey.generate()
    signature = ed25519_key.sign(b"message")
    verify(Algorithm.ED25519, ed25519_key.public_key(), b"message", signature)
    with pytest.raises(BadSignature, match="not of this algorithm"):
        verify(Algorithm.RS256, ed25519_key.public_key(), b"message", signature)


def test_an_rsa_key_is_not_of_ed25519(root: InMemorySigner) -> None:
    key = load_pem_public_key(root.public_key.pem().encode())
    assert isinstance(key, rsa.RSAPublicKey)
    with pytest.raises(BadSignature, match="not of this algorithm"):
        verify(Algorithm.ED25519, key, b"message", root.sign(b"message"))


def test_roots_are_found_by_id(root: InMemorySigner, other_root: InMemorySigner) -> None:
    roots = Roots([root.public_key, other_root.public_key, root.public_key])
    assert roots.find(other_root.key_id) == other_root.public_key
    assert list(roots) == [root.public_key, other_root.public_key]
    assert (len(roots), root.public_key in roots) == (2, True)
    assert root.key_id in repr(roots)


def test_a_root_nobody_pinned_is_unknown(root: InMemorySigner) -> None:
    with pytest.raises(UnknownKey):
        Roots([root.public_key]).find("another")


def test_no_roots_are_false() -> None:
    assert not Roots()


def test_a_root_is_rsa_4096(signer: InMemorySigner) -> None:
    with pytest.raises(MalformedDocument, match="not RSA-4096"):
        Roots([signer.public_key])


@pytest.mark.parametrize("name", ["rsa-2048", "rsa-exponent-3", "p-256"])
def test_a_root_of_another_size_exponent_or_kind_is_refused(name: str) -> None:
    with pytest.raises(MalformedDocument, match=r"4096|65537|neither RSA nor Ed25519"):
        Roots.from_pem((KEYS / f"{name}.pub.pem").read_bytes())


def test_roots_come_from_one_or_several_pem_blocks(
    root: InMemorySigner, other_root: InMemorySigner
) -> None:
    one, two = root.public_key.pem(), other_root.public_key.pem()
    text = f"# the roots of 2026\n{one}\n# and the next\n{two}"
    windows = text.replace("\n", "\r\n")
    assert list(Roots.from_pem(text.encode())) == [root.public_key, other_root.public_key]
    assert list(Roots.from_pem(windows.encode())) == [root.public_key, other_root.public_key]


@pytest.mark.parametrize("rest", ["", "a remark\n", "-----BEGIN CERTIFICATE-----\n", "\ufeff"])
def test_roots_that_cannot_be_read_are_an_error_not_a_gap(rest: str, root: InMemorySigner) -> None:
    broken = root.public_key.pem().replace("PUBLIC", "RSA PUBLIC")
    whole = root.public_key.pem() if rest else ""
    for text in (rest + broken, whole + rest + broken, rest + whole + rest):
        with pytest.raises(MalformedDocument):
            Roots.from_pem(text.encode())


@pytest.mark.parametrize("make", [InMemorySigner.generate_root, InMemorySigner.generate_signer])
def test_the_test_signer_makes_keys_that_sign(make: Callable[[], InMemorySigner]) -> None:
    made = make()
    made.public_key.verify(b"message", made.sign(b"message"))


def test_the_test_signer_takes_rsa_and_ed25519_only() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError):
        InMemorySigner.from_pem(pem)
