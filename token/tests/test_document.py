"""docs/token-format.md says what the package does: its tables and its code are checked here."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from coditect_license_token import (
    Algorithm,
    Delegation,
    KeySet,
    KeySetEntry,
    KeyStatus,
    LicenseData,
    LicenseToken,
    Revocations,
    TokenError,
    _shape,
    _time,
    algorithms,
    delegation,
    jws,
    keyset,
    license_data,
    license_token,
    revocations,
    seal_delegation,
    seal_license_token,
    strict_json,
    succession,
)
from coditect_license_token.testing import InMemorySigner

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "token-format.md").read_text(encoding="utf-8")
VECTORS = PROJECT / "token" / "vectors"
STEPS_OF = {
    "license data": "license_data.json",
    "a license token": "license_token.json",
    "a delegation": "delegation.json",
    "a key set": "keyset.json",
    "a revocation list": "revocations.json",
}
Row = list[str]


def _section(title: str) -> str:
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", TEXT, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def _tables(text: str) -> list[list[Row]]:
    """Give each table of the text as rows of cells, without its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()[2:]]
        for block in blocks
    ]


def _column(table: list[Row], number: int) -> list[str]:
    return [row[number].strip("`") for row in table]


def _cases(name: str) -> dict[str, str]:
    document: dict[str, Any] = json.loads((VECTORS / name).read_text(encoding="ascii"))
    return {case["name"]: case["expect"] for case in document["cases"]}


@pytest.mark.parametrize("document", STEPS_OF)
def test_each_verification_step_has_a_case_that_fails_there(document: str) -> None:
    (steps,) = _tables(_section(f"Verification of {document}"))
    cases = _cases(STEPS_OF[document])
    assert _column(steps, 0) == [str(number) for number in range(1, len(steps) + 1)]
    assert {row[3]: cases.get(row[3]) for row in steps} == {
        row[3]: row[2].strip("`") for row in steps
    }


def test_the_documents_are_the_five_types() -> None:
    (table,) = _tables(TEXT.partition("## 1.")[0])
    assert _column(table, 2) == [
        "none",
        delegation.LICENSE_TYPE,
        delegation.DELEGATION_TYPE,
        keyset.KEY_SET_TYPE,
        revocations.REVOCATIONS_TYPE,
    ]
    assert {(VECTORS / name).exists() for name in _column(table, 5)} == {True}


def test_the_limits_are_those_of_the_code() -> None:
    rules = dict(_tables(_section("1.1 Values"))[0])
    assert f"1 to {_shape.MAX_TEXT_CHARACTERS} characters" in rules["text"]
    assert f"at most {_shape.MAX_TEXTS} texts" in rules["list"]
    assert f"0 to {strict_json.MAX_INTEGER} (2^53 - 1)" in rules["integer"]
    assert f"at most {strict_json.MAX_DEPTH} levels" in rules["JSON"]
    assert rules["written time"].endswith("`2025-12-29T04:35:35.407120+00:00`")
    assert f"1 to {keyset.MAX_KEYS} keys" in _section("1.2 Sizes")
    assert f"at most {revocations.MAX_REVOKED} keys" in _section("1.2 Sizes")
    assert f"at most {succession.MAX_LINKS} links" in _section("Links")
    assert f"up to {_time.START_LEEWAY_SECONDS} seconds" in _section("1.5 Clock rules")
    assert f"at most {delegation.MAX_DELEGATION_SECONDS} seconds after" in TEXT
    assert f"`{delegation.EVERY_TIER}` is all" in TEXT


def test_the_sizes_are_those_of_the_code() -> None:
    sizes = dict(_tables(_section("1.2 Sizes"))[0])
    assert sizes == {
        "license data": str(license_data.MAX_DOCUMENT_BYTES),
        "license token": str(jws.MAX_TOKEN_BYTES),
        "delegation": str(jws.MAX_TOKEN_BYTES),
        "key set": str(keyset.MAX_KEY_SET_BYTES),
        "revocation list": str(revocations.MAX_REVOCATIONS_BYTES),
    }


def test_the_algorithms_are_those_of_the_code() -> None:
    (table,) = _tables(_section("1.3 Keys and algorithms"))
    assert [(row[1].strip("`"), row[3]) for row in table] == [
        (algorithm.value, f"{algorithm.signature_bytes} bytes") for algorithm in Algorithm
    ]
    assert algorithms.RSA_SIGN_PKCS1_4096_SHA256 in table[0][4]
    assert f"{algorithms.RSA_KEY_BITS} bits, exponent {algorithms.RSA_PUBLIC_EXPONENT}" in TEXT


def test_the_errors_are_the_tree() -> None:
    (table,) = _tables(_section("1.6 Errors"))
    assert set(_column(table, 0)) == {error.__name__ for error in TokenError.__subclasses__()}


def _fields(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_the_members_of_license_data_are_all_there() -> None:
    (table,) = _tables(_section("2. License data"))
    signed = {row[0].strip("`") for row in table if row[1] == "yes"}
    assert signed == _fields(LicenseData)
    assert {row[0].strip("`") for row in table} - signed == {"signature", "signature_algorithm"}


def test_the_claims_of_a_license_token_are_all_there() -> None:
    (table,) = _tables(_section("3. License token"))
    assert dict(zip(_column(table, 0), _column(table, 1), strict=True)) == (
        license_token.FIELD_OF_CLAIM
    )
    assert set(_column(table, 1)) == _fields(LicenseToken)


def test_the_claims_of_a_delegation_are_all_there(delegation: Delegation) -> None:
    (table,) = _tables(_section("4. Delegation"))
    assert set(_column(table, 1)) - {"key.key_id"} == _fields(Delegation)
    payload = _payload(delegation.signing_input("root"))
    assert set(_column(table, 0)) == set(payload)


def test_the_claims_of_a_key_set_are_all_there(keyset: KeySet) -> None:
    claims, members = _tables(_section("5. Key set"))
    payload = _payload(keyset.signing_input("root"))
    assert set(_column(claims, 0)) == set(payload)
    assert set(_column(claims, 1)) == _fields(KeySet)
    assert set(_column(members, 1)) | {"key"} == _fields(KeySetEntry)
    own = {"kty", "n", "e", "kid", "alg", "use"}
    assert {*_column(members, 0), *own} == set(payload["keys"][1])
    assert re.findall(r"`(\w+)`", members[0][2]) == [status.value for status in KeyStatus]


def test_the_claims_of_a_revocation_list_are_all_there(revocations: Revocations) -> None:
    (table,) = _tables(_section("6. Revocation list"))
    assert set(_column(table, 0)) == set(_payload(revocations.signing_input("root")))
    assert set(_column(table, 1)) == _fields(Revocations)


def _payload(signed: bytes) -> dict[str, Any]:
    return strict_json.decode_object(jws.parse(f"{signed.decode()}.").payload)


def test_the_headers_are_those_of_the_code() -> None:
    for typ, algorithm in (
        (delegation.LICENSE_TYPE, Algorithm.ED25519),
        (delegation.DELEGATION_TYPE, Algorithm.RS256),
        (keyset.KEY_SET_TYPE, Algorithm.RS256),
        (revocations.REVOCATIONS_TYPE, Algorithm.RS256),
    ):
        header = jws.parse(f"{jws.signing_input(typ, algorithm, 'K', {}).decode()}.").header
        written = json.dumps(header, separators=(",", ":"))
        assert re.search(re.escape(written).replace('"K"', "<[^>]+>"), TEXT), written


def test_the_code_runs_and_accepts_the_documents(  # noqa: PLR0917  one fixture per key and document
    claims: LicenseToken,
    delegation: Delegation,
    license_data: LicenseData,
    root: InMemorySigner,
    signer: InMemorySigner,
    now: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given: dict[str, Any] = {
        "root_pem": root.public_key.pem().encode(),
        "delegation": seal_delegation(delegation, root=root),
        "license_token": seal_license_token(claims, signer=signer),
        "license_data": license_data.with_signature(root.sign(license_data.signed_bytes())),
        "now": now,
    }
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
    for block in blocks:
        exec(compile(block, "token-format.md", "exec"), given)
    assert len(blocks) == 3
    assert capsys.readouterr().out == f"pro until {claims.expires}\n"
    assert given["message"] == license_data.signed_bytes()
