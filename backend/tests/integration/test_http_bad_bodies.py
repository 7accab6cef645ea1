"""Bodies that are not of the contract's form: one stable answer each, and nothing changed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leasing.http.bodies import MOST_METADATA_BYTES
from tests.support.customer import Customer
from tests.support.databases import use_database
from tests.support.plane import ACQUIRE, SESSIONS, Plane, as_key, problem

_JSON = {"content-type": "application/json"}
_ACQUIRE_TEXTS = {
    "license_key": 256,
    "hardware_id": 256,
    "instance_id": 128,
    "nonce": 128,
    "known_kid": 64,
}
_HEARTBEAT_TEXTS = {
    "instance_id": 128,
    "nonce": 128,
    "known_kid": 64,
    "license_token": 8192,
    "delegation": 8192,
    "license_key": 256,
}
_REQUIRED = {"license_key", "hardware_id"}


@pytest.fixture(scope="module")
def plane(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One for the whole file: what is refused leaves no trace, as each test checks."""
    folder = tmp_path_factory.mktemp("plane")
    database = folder / "license.sqlite3"
    database.write_bytes(migrated_database.read_bytes())
    use_database(database)
    with Plane(database, folder) as running:
        yield running


@pytest.fixture(scope="module")
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=3, key_auth=True)


@pytest.fixture(scope="module")
def session(plane: Plane, alice: Customer) -> str:
    return str(plane.acquire(alice, "laptop").json()["session_id"])


def bad_texts(longest: int) -> Iterator[tuple[str, str]]:
    """Yield JSON values that no text field takes, each with the code of its refusal."""
    yield '""', "too_short"
    yield json.dumps("a" * (longest + 1)), "too_long"
    yield json.dumps("a" * 20_000), "too_long"
    for text in (
        "schl\u00fcssel",
        "\u0661\u0662",
        "a\0b",
        "a\n",
        "\na",
        "a\tb",
        "a\x7f",
        "\x1b[2J",
    ):
        yield json.dumps(text), "bad_characters"
    for surrogate in (r'"\ud800"', r'"a\udfffb"', r'"\ude00\ud83d"'):
        yield surrogate, "bad_characters"
    for value in ("1", "-0.5", "true", "false", "[]", '["a"]', "{}", '{"a": "b"}'):
        yield value, "wrong_type"


_BAD_ACQUIRES = [
    pytest.param(field, value, code, id=f"{field}-{value[:24]}")
    for field, longest in _ACQUIRE_TEXTS.items()
    for value, code in [*bad_texts(longest), *([("null", "wrong_type")] * (field in _REQUIRED))]
]
_BAD_HEARTBEATS = [
    pytest.param((field, value), code, id=f"{field}-{value[:24]}")
    for field, longest in _HEARTBEAT_TEXTS.items()
    for value, code in bad_texts(longest)
]


def send_acquire(plane: Plane, alice: Customer, members: dict[str, str]) -> Any:
    """Send an acquire whose members are given as JSON text; the usual ones may be replaced."""
    usual = {"license_key": json.dumps(alice.key), "hardware_id": '"laptop"'}
    return plane.call("POST", ACQUIRE, content=as_object({**usual, **members}), headers=_JSON)


def as_object(members: dict[str, str]) -> bytes:
    pairs = ", ".join(f"{json.dumps(name)}: {value}" for name, value in members.items())
    return f"{{{pairs}}}".encode()


def assert_refused(answer: Any, field: str, code: str) -> None:
    assert problem(answer) == (400, "invalid_request"), answer.text
    (error,) = answer.json()["errors"]
    assert set(error) == {"field", "code", "message"}
    assert (error["field"], error["code"]) == (field, code), error
    assert error["message"].isprintable()
    assert "msgspec" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("field", "value", "code"), _BAD_ACQUIRES)
def test_a_text_of_an_acquire(
    plane: Plane, alice: Customer, field: str, value: str, code: str
) -> None:
    before = plane.ledger()

    answer = send_acquire(plane, alice, {field: value})

    assert_refused(answer, field, code)
    assert alice.key not in answer.text
    assert plane.ledger() == before


@pytest.mark.parametrize(("member", "code"), _BAD_HEARTBEATS)
def test_a_text_of_a_heartbeat(
    plane: Plane, alice: Customer, session: str, member: tuple[str, str], code: str
) -> None:
    field, value = member
    before = plane.ledger()
    path = f"{SESSIONS}{session}/heartbeat/"
    headers = {**_JSON, **as_key(alice.key)}

    answer = plane.call("PATCH", path, content=as_object({field: value}), headers=headers)

    assert_refused(answer, field, code)
    assert plane.ledger() == before


def nested(depth: int, opening: str = '{"a":', closing: str = "}") -> str:
    return opening * depth + "1" + closing * depth


_BAD_MEMBERS = {
    "metadata list": ("metadata", "[]", "metadata", "wrong_type"),
    "metadata text": ("metadata", '"x"', "metadata", "wrong_type"),
    "metadata null": ("metadata", "null", "metadata", "wrong_type"),
    "metadata too long": ("metadata", json.dumps({"a": "b" * 4089}), "metadata", "too_long"),
    "metadata too deep": ("metadata", nested(5), "metadata", "too_deep"),
    "metadata in lists": (
        "metadata",
        f'{{"a": {nested(4, "[", "]")}}}',
        "metadata",
        "too_deep",
    ),
    "metadata 100 deep": ("metadata", nested(100), "metadata", "too_deep"),
    "metadata 400 deep": ("metadata", nested(400), "metadata", "too_deep"),
    "metadata NUL": ("metadata", r'{"a": "\u0000"}', "metadata", "bad_characters"),
    "metadata NUL name": ("metadata", r'{"\u0000": 1}', "metadata", "bad_characters"),
    "metadata deep NUL": ("metadata", r'{"a": [{"b": "x\u0000"}]}', "metadata", "bad_characters"),
    "metadata surrogate": ("metadata", r'{"a": "\ud800"}', "metadata", "bad_characters"),
    "metadata surrogate name": ("metadata", r'{"\udfff": 1}', "metadata", "bad_characters"),
    "metadata 1e400": ("metadata", '{"a": 1e400}', "", "out_of_range"),
    "metadata -1e400": ("metadata", '{"a": [-1e400]}', "", "out_of_range"),
    "no proofs": ("proofs", "[]", "proofs", "too_short"),
    "unknown proof": ("proofs", '["passport"]', "proofs[0]", "not_allowed"),
    "proof surrogate": ("proofs", r'["\ud800"]', "", "bad_characters"),
    "proof number": ("proofs", "[1]", "proofs[0]", "wrong_type"),
    "proofs text": ("proofs", '"license_token"', "proofs", "wrong_type"),
    "proofs null": ("proofs", "null", "proofs", "wrong_type"),
    "three proofs": (
        "proofs",
        '["license_token", "license_data", "license_token"]',
        "proofs",
        "too_long",
    ),
    "unknown field": ("colour", '"red"', "colour", "unknown_field"),
    "tenant in the body": ("tenant_id", '"t"', "tenant_id", "unknown_field"),
    "unknown long field": ("f" * 500, "1", "f" * 64, "unknown_field"),
    "unknown NUL field": ("a\0b", "1", "a?b", "unknown_field"),
    "unknown \u00fc field": ("\u00fcber", "1", "?ber", "unknown_field"),
}


@pytest.mark.parametrize("name", _BAD_MEMBERS)
def test_another_member_of_an_acquire(plane: Plane, alice: Customer, name: str) -> None:
    member, value, field, code = _BAD_MEMBERS[name]
    before = plane.ledger()

    answer = send_acquire(plane, alice, {member: value})

    assert_refused(answer, field, code)
    assert plane.ledger() == before


@pytest.mark.parametrize("missing", ["license_key", "hardware_id"])
def test_a_member_that_is_missing(plane: Plane, alice: Customer, missing: str) -> None:
    body = {"license_key": alice.key, "hardware_id": "laptop"}
    del body[missing]

    assert_refused(plane.call("POST", ACQUIRE, json=body), missing, "missing")


_BAD_DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "malformed_json"),
    "half an object": (b'{"license_key": "K', "malformed_json"),
    "two objects": (b"{}{}", "malformed_json"),
    "single quotes": (b"{'license_key': 'K'}", "malformed_json"),
    "a trailing comma": (b'{"license_key": "K",}', "malformed_json"),
    "a comment": (b"{} // done", "malformed_json"),
    "a line feed in a text": (b'{"license_key": "K\n"}', "malformed_json"),
    "no UTF-8": (b'{"license_key": "\xff\xfe"}', "malformed_json"),
    "UTF-16": ('{"license_key": "K"}'.encode("utf-16"), "malformed_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "malformed_json"),
    "NUL bytes": (b"\0" * 100, "malformed_json"),
    "NaN": (b'{"metadata": {"a": NaN}}', "malformed_json"),
    "Infinity": (b'{"metadata": {"a": Infinity}}', "malformed_json"),
    "-Infinity": (b'{"metadata": {"a": -Infinity}}', "malformed_json"),
    "a number of 5,000 digits": (b'{"metadata": {"a": ' + b"9" * 5_000 + b"}}", "malformed_json"),
    "30,000 objects deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "malformed_json"),
    "60,000 lists deep": (b"[" * 60_000, "malformed_json"),
    "a list": (b"[]", "wrong_type"),
    "a text": (b'"license_key"', "wrong_type"),
    "null": (b"null", "wrong_type"),
    "a number": (b"1", "wrong_type"),
    "true": (b"true", "wrong_type"),
    "a member twice": (b'{"hardware_id": "a", "hardware_id": "a"}', "duplicate_member"),
    "a member twice, spelt otherwise": (
        rb'{"hardware_id": "a", "h\u0061rdware_id": "b"}',
        "duplicate_member",
    ),
    "a member twice within": (b'{"metadata": {"a": 1, "a": 2}}', "duplicate_member"),
}


@pytest.mark.parametrize("name", _BAD_DOCUMENTS)
def test_a_body_that_is_no_object_of_ours(plane: Plane, alice: Customer, name: str) -> None:
    content, code = _BAD_DOCUMENTS[name]
    before = plane.ledger()

    answer = plane.call("POST", ACQUIRE, content=content, headers={**_JSON, **as_key(alice.key)})

    assert_refused(answer, "", code)
    assert plane.ledger() == before


@pytest.mark.parametrize("depth", [200, 350, 450, 500, 700, 900, 980, 5_000])
def test_no_depth_of_metadata_is_more_than_a_refusal(
    plane: Plane, alice: Customer, depth: int
) -> None:
    answer = send_acquire(plane, alice, {"metadata": nested(depth)})

    assert problem(answer) == (400, "invalid_request")


def test_a_name_that_no_encoding_has_is_a_refusal(plane: Plane, alice: Customer) -> None:
    usual = f'"license_key": "{alice.key}", "hardware_id": "laptop"'.encode()

    answer = plane.call("POST", ACQUIRE, content=b"{" + usual + rb', "\ud800": 1}', headers=_JSON)

    assert_refused(answer, "", "bad_characters")


def test_the_longest_and_the_deepest_that_are_allowed_are_taken(
    plane: Plane, alice: Customer
) -> None:
    metadata = {"a": {"b": {"c": {"d": 1}}}, "note": "\u00fcber \\u0000 C:\\u0000", "fill": ""}
    size = len(json.dumps(metadata, separators=(",", ":"), ensure_ascii=False).encode())
    metadata["fill"] = "f" * (MOST_METADATA_BYTES - size)

    answer = plane.acquire(
        alice,
        "~" * 256,
        instance_id="i" * 128,
        nonce="n" * 128,
        known_kid="k" * 64,
        metadata=metadata,
    )

    assert answer.status_code == 201
    rows = plane.ledger()["license_session"]
    kept = [json.loads(value) for row in rows for value in row if str(value).startswith("{")]
    assert metadata in kept
