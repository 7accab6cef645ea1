"""Base64 has one spelling for every value."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coditect_license_token import MalformedDocument, strict_base64


@given(st.binary(max_size=64))
def test_round_trip(data: bytes) -> None:
    assert strict_base64.decode_url(strict_base64.encode_url(data)) == data
    assert strict_base64.decode_standard(strict_base64.encode_standard(data)) == data


@given(st.text(max_size=24))
def test_what_is_read_is_what_would_be_written(text: str) -> None:
    for decode, encode in (
        (strict_base64.decode_url, strict_base64.encode_url),
        (strict_base64.decode_standard, strict_base64.encode_standard),
    ):
        try:
            data = decode(text)
        except MalformedDocument:
            continue
        assert encode(data) == text


@pytest.mark.parametrize("text", ["A", "AAA\n", " AAA", "AA==", "+A", "/A", "AB", "\u00e9A", "A A"])
def test_other_spellings_of_base64url_are_refused(text: str) -> None:
    _assert_refused(strict_base64.decode_url, text)


@pytest.mark.parametrize(
    "text", ["A", "AA", "AA=", "AA==\n", "-A==", "_A==", "AB==", "\u00e9A==", "=", "AA==AA=="]
)
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    _assert_refused(strict_base64.decode_standard, text)


def _assert_refused(decode: Callable[[str], bytes], text: str) -> None:
    with pytest.raises(MalformedDocument):
        decode(text)
