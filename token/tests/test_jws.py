"""A compact JWS is taken apart in one way."""

import pytest

from coditect_license_token import (
    Algorithm,
    BadSignature,
    MalformedDocument,
    WrongPurpose,
    jws,
    strict_base64,
)

SIGNED = b"eyJhIjoxfQ.e30"


def test_the_parts_come_back() -> None:
    parts = jws.parse(f"{SIGNED.decode()}.{strict_base64.encode_url(b'signature')}")
    assert parts == ({"a": 1}, b"{}", SIGNED, b"signature")


@pytest.mark.parametrize("token", [None, b"e30.e30.e30", 7, ["e30", "e30", "e30"]])
def test_anything_but_text_is_refused(token: object) -> None:
    with pytest.raises(MalformedDocument):
        jws.parse(token)


def test_the_size_limit_is_exact() -> None:
    token = f"e30.{'A' * (8192 - 8)}.e30"
    assert len(token) == jws.MAX_TOKEN_BYTES
    assert jws.parse(token)
    with pytest.raises(MalformedDocument, match="8192"):
        jws.parse(token.replace("A.", "AAAA."))


@pytest.mark.parametrize("length", [0, 63, 65, 512])
def test_a_signature_of_another_length_is_never_attached(length: int) -> None:
    with pytest.raises(MalformedDocument, match="64 bytes"):
        jws.attach(SIGNED, bytes(length), Algorithm.ED25519)


def test_the_largest_token_is_made_and_read() -> None:
    signed = SIGNED + b"A" * (8192 - len(SIGNED) - 1 - 86)
    assert len(jws.attach(signed, bytes(64), Algorithm.ED25519)) == 8192
    with pytest.raises(MalformedDocument, match="8192"):
        jws.attach(signed + b"A", bytes(64), Algorithm.ED25519)


def test_a_token_that_no_verifier_would_take_is_never_made() -> None:
    payload = {"text": "x" * 8192}
    signed = jws.signing_input("lic+jwt", Algorithm.ED25519, "kid", payload)
    with pytest.raises(MalformedDocument, match="8192"):
        jws.attach(signed, bytes(64), Algorithm.ED25519)


def test_the_header_is_checked_in_a_fixed_order() -> None:
    header = {"alg": "none", "kid": "k", "typ": "at+jwt"}
    with pytest.raises(WrongPurpose):
        jws.require_header(header, "lic+jwt", Algorithm.ED25519)
    with pytest.raises(BadSignature):
        jws.require_header({**header, "typ": "lic+jwt"}, "lic+jwt", Algorithm.ED25519)
    true = {"alg": "Ed25519", "kid": "k", "typ": "lic+jwt"}
    assert jws.require_header(true, "lic+jwt", Algorithm.ED25519) == "k"
