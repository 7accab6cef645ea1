"""The JSON reader reads one meaning or none."""

import pytest

from coditect_license_token import MalformedDocument, strict_json


def test_compact_sorted_ascii() -> None:
    assert strict_json.encode({"b": "\u00e9", "a": (1, None)}) == b'{"a":[1,null],"b":"\\u00e9"}'


def test_numbers_json_does_not_have_are_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        strict_json.encode({"a": float("nan")})


@pytest.mark.parametrize("number", [0, 1, -1, 2**53 - 1, -(2**53 - 1)])
def test_exact_integers_are_read(number: int) -> None:
    assert strict_json.decode_object(b'{"a":%d}' % number) == {"a": number}


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**17, -(10**400)])
def test_integers_that_are_not_exact_everywhere_are_refused(number: int) -> None:
    with pytest.raises(MalformedDocument, match="an integer that is not exact"):
        strict_json.decode_object(b'{"a":%d}' % number)


@pytest.mark.parametrize("text", ["1.0", "1e2", "NaN", "-Infinity", "1e400"])
def test_anything_but_an_integer_is_no_number(text: str) -> None:
    with pytest.raises(MalformedDocument, match="not an integer"):
        strict_json.decode_object(f'{{"a":{text}}}'.encode())


def test_duplicate_members_are_refused_at_every_level() -> None:
    with pytest.raises(MalformedDocument, match="twice"):
        strict_json.decode_object(b'{"a":[{"b":1,"b":1}]}')


def test_an_escaped_name_is_the_same_name() -> None:
    with pytest.raises(MalformedDocument, match="twice"):
        strict_json.decode_object(b'{"a":1,"\\u0061":2}')


def test_eight_levels_are_read_and_nine_are_not() -> None:
    eight = b'{"a":' * 7 + b"[]" + b"}" * 7
    assert strict_json.decode_object(eight)
    with pytest.raises(MalformedDocument, match="deeper"):
        strict_json.decode_object(b'{"a":' + eight + b"}")


def test_levels_are_counted_exactly_among_many_brackets() -> None:
    aside = b'"b":[' + b"[]," * 20 + b"[]],"
    eight = b"{" + aside + b'"a":' + b"[" * 7 + b"]" * 7 + b"}"
    assert set(strict_json.decode_object(eight)) == {"a", "b"}
    with pytest.raises(MalformedDocument, match="deeper"):
        strict_json.decode_object(eight.replace(b"[" * 7 + b"]" * 7, b"[" * 8 + b"]" * 8))


def test_many_shallow_brackets_are_not_deep() -> None:
    assert len(strict_json.decode_object(b'{"a":[' + b"[]," * 500 + b"[]]}")["a"]) == 501


def test_brackets_inside_texts_do_not_count_as_levels() -> None:
    assert strict_json.decode_object(b'{"a":"[[[[[[[[[[","b":"\\"[{[{[{[{[{"}')["a"] == "[" * 10


@pytest.mark.parametrize("opener", [b"[", b'{"a":', b'"[', b'"\\"[', b'[\\"'])
def test_deep_or_endless_input_ends_quickly_and_in_one_error(opener: bytes) -> None:
    with pytest.raises(MalformedDocument):
        strict_json.decode_object(b'{"a":' + opener * 5000)


@pytest.mark.parametrize("data", [b"[]", b"1", b'"a"', b"null", b"", b" ", b"{", b"{}{}", b"\xff"])
def test_anything_but_one_object_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedDocument):
        strict_json.decode_object(data)
