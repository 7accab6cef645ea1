"""Reading bodies: whatever comes in, a body or a refusal comes out."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leasing.http.bodies import AcquireBody, HeartbeatBody, encode_metadata, read_body
from leasing.http.errors import InvalidRequest
from tests.support.patience import patience

_ANY_TEXT = st.text(st.characters(), max_size=20)  # halves of surrogate pairs are among them
_NUMBERS = st.integers() | st.floats(allow_nan=True) | st.integers(10**300, 10**310)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    [*AcquireBody.__struct_fields__, *HeartbeatBody.__struct_fields__, "colour"]
)
_PLAIN = {"license_key": "K", "hardware_id": "laptop"}


def read_acquire(body: bytes) -> AcquireBody:
    return read_body(body, AcquireBody)


def read_heartbeat(body: bytes) -> HeartbeatBody:
    return read_body(body, HeartbeatBody)


def refusal_or_nothing(body: bytes, read: Callable[[bytes], object]) -> str:
    """Return the code of the refusal, or nothing; any other error is a failure of the test."""
    try:
        read(body)
    except InvalidRequest as refused:
        (error,) = refused.errors
        assert error.code.replace("_", "").isalpha()
        assert len(error.field) <= 80
        assert (error.field + error.message).isprintable()
        assert (error.field + error.message).isascii()
        return error.code
    return ""


@patience()
@given(st.binary(max_size=200), st.sampled_from([read_acquire, read_heartbeat]))
def test_any_bytes(body: bytes, read: Callable[[bytes], object]) -> None:
    refusal_or_nothing(body, read)


@patience()
@given(st.dictionaries(_NAMES | _ANY_TEXT, _JSON, max_size=4), st.booleans())
def test_any_object(members: dict[str, object], is_acquire: bool) -> None:
    usual = _PLAIN if is_acquire else {}
    body = json.dumps({**usual, **members}).encode()

    refusal_or_nothing(body, read_acquire if is_acquire else read_heartbeat)


@patience()
@given(st.dictionaries(_ANY_TEXT, _JSON, max_size=3))
def test_metadata_that_is_taken_is_kept_as_it_came(metadata: dict[str, object]) -> None:
    body = json.dumps({**_PLAIN, "metadata": metadata}).encode()
    if refusal_or_nothing(body, read_acquire):
        return

    kept = encode_metadata(read_acquire(body).metadata)

    assert json.loads(kept) == metadata
    assert len(kept.encode()) <= 4096


@pytest.mark.parametrize("depth", [10, 100, 400, 950, 1_100, 20_000])
@pytest.mark.parametrize("brackets", [('{"a":', "}"), ("[", "]")])
def test_any_depth(depth: int, brackets: tuple[str, str]) -> None:
    opening, closing = brackets
    metadata = '{"a":' + opening * depth + "1" + closing * depth + "}"
    body = f'{{"license_key": "K", "hardware_id": "h", "metadata": {metadata}}}'

    assert refusal_or_nothing(body.encode(), read_acquire) in {"too_deep", "malformed_json"}
