"""Tokens that an attacker would send. Every one must look the same from outside: not valid.

The list follows RFC 8725 and the published attacks on JWT libraries. Attacks on header and claims
are signed with the issuer's true key, so it is the header or the claim that is refused.
"""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OKPKey, RSAKey

from identity.errors import InvalidCredential, MissingTenant
from identity.issuers import Issuer, IssuerTable, issuer_keys
from identity.operations import BearerVerifier
from identity.rules import PrincipalKind, Role
from tests.support.register import RegisterInMemory

ISSUER, AUDIENCE = "https://issuer.example", "https://licenses.example"
RSA_ISSUER, OTHER_AUDIENCE = "https://rsa.example", "another-app"
TENANT = "0b7c6a52-7d5c-4f0e-8c43-52f9c57be001"
NOW = 1_800_000_000
LEFT_OUT = ""

KEY, OTHER_KEY, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))
RSA_KEY = generate_private_key(65537, 2048)
JWK = OKPKey.import_key(KEY).as_dict(private=False)
RSA_JWK = RSAKey.import_key(RSA_KEY).as_dict(private=False)


def rs256(message: bytes) -> bytes:
    return RSA_KEY.sign(message, PKCS1v15(), SHA256())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def json_object(members: dict[str, str]) -> bytes:
    """Write members whose values are JSON texts, so that no encoder mends what is broken."""
    texts = (f"{json.dumps(name)}:{text}" for name, text in members.items() if text != LEFT_OUT)
    return ("{" + ",".join(texts) + "}").encode("utf-8", "surrogatepass")


HEADER = {"alg": '"Ed25519"', "kid": '"k1"', "typ": '"JWT"'}
RSA_HEADER = {"alg": '"RS256"', "kid": '"r1"', "typ": '"JWT"'}
CLAIMS = {
    "iss": json.dumps(ISSUER),
    "aud": json.dumps(AUDIENCE),
    "sub": '"alice"',
    "iat": str(NOW - 10),
    "exp": str(NOW + 600),
    "tenant_id": json.dumps(TENANT),
    "role": '"member"',
}
RSA_CLAIMS = {**CLAIMS, "iss": json.dumps(RSA_ISSUER)}


def token(header: bytes, payload: bytes, sign: Callable[[bytes], bytes] = KEY.sign) -> str:
    signed = f"{base64url(header)}.{base64url(payload)}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def with_header(sign: Callable[[bytes], bytes] = KEY.sign, /, **changes: str) -> str:
    return token(json_object({**HEADER, **changes}), json_object(CLAIMS), sign)


def with_claims(sign: Callable[[bytes], bytes] = KEY.sign, /, **changes: str) -> str:
    return token(json_object(HEADER), json_object({**CLAIMS, **changes}), sign)


def by_rsa(sign: Callable[[bytes], bytes] = rs256, /, **changes: str) -> str:
    return token(json_object({**RSA_HEADER, **changes}), json_object(RSA_CLAIMS), sign)


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda message: hmac.digest(secret, message, "sha256")


def pss(message: bytes) -> bytes:
    return RSA_KEY.sign(message, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256())


def always(signature: bytes) -> Callable[[bytes], bytes]:
    return lambda _: signature


GOOD = with_claims()
HEAD, PAYLOAD, SIGNATURE = GOOD.split(".")
PUBLIC = RSA_KEY.public_key()
SUBJECT_INFO = PublicFormat.SubjectPublicKeyInfo

# Spellings of a public key that careless verifiers take for the secret of an HMAC.
SECRETS = {
    "empty": b"",
    "common": b"secret",
    "PEM": PUBLIC.public_bytes(Encoding.PEM, SUBJECT_INFO),
    "DER": PUBLIC.public_bytes(Encoding.DER, SUBJECT_INFO),
    "PKCS #1": PUBLIC.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
    "SSH": PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "JWK": json.dumps(RSA_JWK).encode(),
    "raw Ed25519": KEY.public_key().public_bytes_raw(),
}

SIGNATURES = {
    "stripped": f"{HEAD}.{PAYLOAD}",
    "stripped, dot kept": f"{HEAD}.{PAYLOAD}.",
    "zeros": with_claims(always(bytes(64))),
    "small-order point": with_claims(always(b"\x01" + bytes(63))),
    "one byte short": with_claims(lambda message: KEY.sign(message)[:-1]),
    "one byte long": with_claims(lambda message: KEY.sign(message) + b"\x00"),
    "by a stranger": with_claims(STRANGER.sign),
    "of another token": with_claims(lambda _: KEY.sign(b"another"), sub='"root"'),
    "moved to other claims": with_claims(always(b""), sub='"root"') + SIGNATURE,
    "RSA of zeros": by_rsa(always(bytes(256))),
    "RSA of one": by_rsa(always(bytes(255) + b"\x01")),
    "RSA with forged padding": by_rsa(always(b"\x00\x01\xff\x00" + bytes(252))),
    "RSA-PSS named RS256": by_rsa(pss),
    "RSA-PSS named PS256": by_rsa(pss, alg='"PS256"'),
    "RSA with SHA-512": by_rsa(lambda message: RSA_KEY.sign(message, PKCS1v15(), SHA512())),
    "stranger's key embedded": with_header(
        STRANGER.sign, jwk=json.dumps(OKPKey.import_key(STRANGER).as_dict(private=False))
    ),
    "another audience's key": with_header(OTHER_KEY.sign, kid='"k2"'),
    **{
        f"{algorithm} unsigned": with_header(always(b""), alg=json.dumps(algorithm))
        for algorithm in ("none", "None", "NONE", "nOnE", "", "Ed25519")
    },
    **{
        f"HS256 with {name} as secret": by_rsa(hs256(secret), alg='"HS256"')
        for name, secret in SECRETS.items()
    },
}

HEADERS: dict[str, list[str]] = {
    "alg": [LEFT_OUT, "null", "7", '["Ed25519"]', '"none"', '"EdDSA"', '"RS256"', '"ES256"'],
    "kid": [
        *(LEFT_OUT, "null", "1", '["k1"]', '""', '"unknown"', '"K1"', '"k1 "', '"k1\\u0000"'),
        *('"../../../dev/null"', "\"k1' OR '1'='1\"", '"https://evil.example/jwks.json"'),
        *('"r1"', '"k2"', json.dumps("k" * 300)),
    ],
    "typ": ["null", "7", '""', '"jwt"', '"JWE"', '"lic+jwt"', '"lic-deleg+jwt"', '"lic-keys+jwt"'],
    "jwk": [json.dumps(JWK)],
    "jku": ['"https://evil.example/jwks.json"'],
    "x5u": ['"https://evil.example/cert.pem"'],
    "x5c": ['["MIIB"]'],
    "crit": ["[]", '["exp"]', '["b64"]', '["urn:unknown"]'],
    "b64": ["false", "true"],
    "zip": ['"DEF"'],
    "cty": ['"JWT"'],
    "enc": ['"A256GCM"'],
    "x": ["1"],
}

TIMES = [
    *(
        "null",
        "true",
        '"1800000100"',
        "[1800000100]",
        "{}",
        "1800000100.5",
        "1.8e9",
        "1800000100.0",
    ),
    *("NaN", "Infinity", "-Infinity", "1e400", "-1", "-0", "9007199254740992", "1" * 400),
]
CLAIM_VALUES: dict[str, list[str]] = {
    "exp": [LEFT_OUT, *TIMES, "0", str(NOW - 60), str(NOW - 10)],
    "iat": [LEFT_OUT, *TIMES, str(NOW + 61)],
    "nbf": [*TIMES, str(NOW + 61)],
    "aud": [
        *(LEFT_OUT, "null", "true", '""', json.dumps([AUDIENCE]), json.dumps([AUDIENCE, "b"])),
        *(json.dumps(AUDIENCE + "/"), json.dumps(AUDIENCE[:-1]), json.dumps(AUDIENCE.upper())),
        *('"licenses.example"', json.dumps(AUDIENCE + ".evil.example"), json.dumps(OTHER_AUDIENCE)),
    ],
    "iss": [
        *(LEFT_OUT, "null", '""', json.dumps([ISSUER]), json.dumps(ISSUER + "/")),
        *(
            json.dumps(ISSUER[:-1]),
            json.dumps(ISSUER.upper()),
            json.dumps(ISSUER + ".evil.example"),
        ),
        *(json.dumps(f"https://evil.example/?{ISSUER}"), json.dumps(RSA_ISSUER)),
    ],
    "sub": [
        *(LEFT_OUT, "null", '""', "7", "true", '["alice"]', json.dumps("a" * 129)),
        *('"a\\nb"', '"a\\u0000"', '"Zo\\u00eb"', '"a\\u202eb"', '"a\\ud800"'),
    ],
    "tenant_id": [
        *('""', "7", "false", '"*"', json.dumps([TENANT]), json.dumps(TENANT.upper())),
        *(json.dumps(TENANT.replace("-", "")), json.dumps(f"{{{TENANT}}}")),
        *(json.dumps(f"urn:uuid:{TENANT}"), json.dumps(TENANT + " ")),
    ],
    "role": ["null", '""', '"root"', '"OWNER"', '"owner "', "7", "true", '["owner"]', "{}"],
    "x": ["1.5", "[" * 500 + "]" * 500, '{"a":1,"a":2}', '"\xff'],
    "pad": [json.dumps("x" * 8_192)],
}

FORMS = {
    "empty": "",
    "dots": "..",
    "a word": "Bearer",
    "four parts": GOOD + ".",
    "five parts, as JWE": f"{GOOD}.AAAA.AAAA",
    "JSON serialization": json.dumps(
        {"protected": HEAD, "payload": PAYLOAD, "signature": SIGNATURE}
    ),
    "a token within a token": token(json_object(HEADER), GOOD.encode()),
    "padding": GOOD + "==",
    "padding inside": f"{HEAD}=.{PAYLOAD}.{SIGNATURE}",
    "leading space": " " + GOOD,
    "trailing newline": GOOD + "\n",
    "trailing NUL": GOOD + "\x00",
    "space inside": f"{HEAD}. {PAYLOAD}.{SIGNATURE}",
    "trailing data": GOOD + "AAAA",
    # 64 bytes end in a character of which decoders throw four bits away.
    "spare bits": GOOD[:-1] + {"A": "B", "Q": "R", "g": "h", "w": "x"}[GOOD[-1]],
    "standard base64": f"{HEAD}.{PAYLOAD}.{SIGNATURE[:-2]}+/",
    "non-ASCII": GOOD + "é",
    "full-width dot": f"{HEAD}\uff0e{PAYLOAD}\uff0e{SIGNATURE}",
    "lone surrogate": GOOD + "\ud800",
    "header twice the alg": token(b'{"alg":"none",' + json_object(HEADER)[1:], json_object(CLAIMS)),
    "header no object": token(b'["Ed25519","k1"]', json_object(CLAIMS)),
    "header no JSON": token(b"Ed25519", json_object(CLAIMS)),
    "claims twice the sub": token(json_object(HEADER), b'{"sub":"a",' + json_object(CLAIMS)[1:]),
    "claims no object": token(json_object(HEADER), b"[1]"),
    "claims no UTF-8": token(json_object(HEADER), b'{"sub":"\xff"}'),
    "claims empty": token(json_object(HEADER), b""),
    "claims with data after": token(json_object(HEADER), json_object(CLAIMS) + b"{}"),
}


def shown(value: str) -> str:
    """Return how a value begins, up to what is another in each run."""
    return value.partition('"x"')[0][:40]


ATTACKS = {
    **{f"signature: {name}": text for name, text in SIGNATURES.items()},
    **{
        f"header: {name} = {shown(value)}": with_header(**{name: value})
        for name, values in HEADERS.items()
        for value in values
    },
    **{
        f"claim: {name} = {value[:40]}": with_claims(**{name: value})
        for name, values in CLAIM_VALUES.items()
        for value in values
    },
    "claim: over": with_claims(iat=str(NOW - 700), exp=str(NOW - 60)),
    **{f"form: {name}": text for name, text in FORMS.items()},
}


def trusted(issuer: str, audience: str, jwk: dict[str, Any], key_id: str) -> Issuer:
    keys = issuer_keys({"keys": [{**jwk, "kid": key_id}]}, ["RS256", "Ed25519"])
    return Issuer(issuer=issuer, audience=audience, kind=PrincipalKind.USER, keys=keys)


def verifier_of_three_issuers() -> BearerVerifier:
    other_jwk = OKPKey.import_key(OTHER_KEY).as_dict(private=False)
    table = IssuerTable(
        (
            trusted(ISSUER, AUDIENCE, JWK, "k1"),
            trusted(RSA_ISSUER, AUDIENCE, RSA_JWK, "r1"),
            trusted(ISSUER, OTHER_AUDIENCE, other_jwk, "k2"),
        )
    )
    return BearerVerifier(
        lambda: table,
        clock=lambda: datetime.fromtimestamp(NOW, UTC),
        register=RegisterInMemory(UUID(TENANT)),
    )


@pytest.fixture
def verifier() -> BearerVerifier:
    return verifier_of_three_issuers()


@pytest.mark.parametrize("text", [GOOD, by_rsa()], ids=["Ed25519", "RS256"])
def test_the_tokens_the_attacks_start_from_are_good(verifier: BearerVerifier, text: str) -> None:
    assert verifier.verify(text).role is Role.MEMBER


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_an_invalid_credential(verifier: BearerVerifier, attack: str) -> None:
    with pytest.raises(InvalidCredential):
        verifier.verify(attack)


def test_an_attack_finds_nothing_in_the_memory_of_good_tokens(verifier: BearerVerifier) -> None:
    verifier.verify(GOOD)

    assert [name for name, text in ATTACKS.items() if verifier.recall(text) is not None] == []


def test_every_refusal_says_the_same(verifier: BearerVerifier) -> None:
    said = set()
    for attack in ATTACKS.values():
        with pytest.raises(InvalidCredential) as refusal:
            verifier.verify(attack)
        said.add(str(refusal.value))

    assert len(said) == 1


def test_no_single_changed_character_passes(verifier: BearerVerifier) -> None:
    for position, character in enumerate(GOOD):
        with pytest.raises(InvalidCredential):
            verifier.verify(GOOD[:position] + chr(ord(character) ^ 1) + GOOD[position + 1 :])


def test_no_shortened_token_passes(verifier: BearerVerifier) -> None:
    for length in range(len(GOOD)):
        with pytest.raises(InvalidCredential):
            verifier.verify(GOOD[:length])


@pytest.mark.parametrize("tenant", [LEFT_OUT, "null", '"00000000-0000-4000-8000-000000000000"'])
def test_a_good_token_of_no_tenant_here_is_told_apart(
    verifier: BearerVerifier, tenant: str
) -> None:
    with pytest.raises(MissingTenant):
        verifier.verify(with_claims(tenant_id=tenant))


def test_a_bad_signature_comes_before_the_question_of_the_tenant(verifier: BearerVerifier) -> None:
    with pytest.raises(InvalidCredential):
        verifier.verify(with_claims(STRANGER.sign, tenant_id=LEFT_OUT))
