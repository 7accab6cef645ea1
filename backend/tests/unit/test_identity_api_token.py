"""API tokens: what they are made of, and what is none."""

import secrets
from uuid import UUID

import pytest

from foundation.peppers import Peppers
from identity import api_token

TENANT = UUID("0b7c6a52-7d5c-4f0e-8c43-52f9c57be001")
PEPPER, NEWER = b"p" * 32, b"q" * 32


def new() -> api_token.ApiTokenText:
    randomness = secrets.token_bytes(api_token.RANDOM_BYTES)
    return api_token.write(tenant_id=TENANT, randomness=randomness)


@pytest.mark.parametrize("tenant", [UUID(int=0), TENANT, UUID(int=2**128 - 1)])
def test_a_token_says_its_tenant(tenant: UUID) -> None:
    token = api_token.write(tenant_id=tenant, randomness=bytes(20))

    parsed = api_token.parse(token.text)

    assert parsed is not None
    assert parsed.tenant_id == tenant
    assert api_token.looks_like_one(token.text)


def test_it_spells_all_160_random_bits() -> None:
    texts = {
        api_token.write(tenant_id=TENANT, randomness=(1 << bit).to_bytes(20, "big")).text
        for bit in range(160)
    }

    assert len(texts) == 160


def test_other_amounts_of_randomness_are_refused() -> None:
    for length in (0, 16, 19, 21):
        with pytest.raises(ValueError, match="20 random bytes"):
            api_token.write(tenant_id=TENANT, randomness=bytes(length))


def test_every_other_letter_at_every_place_is_no_token() -> None:
    text = new().text
    for place, letter in enumerate(text):
        for other in "0123456789abcdefghijklmnopqrstuvwxyz_A ":
            if other != letter:
                assert api_token.parse(text[:place] + other + text[place + 1 :]) is None


def test_every_swap_of_neighbours_is_no_token() -> None:
    text = new().text
    for place in range(len(text) - 1):
        swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        assert swapped == text or api_token.parse(swapped) is None


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda t: t[:-1], lambda t: t + "0", lambda t: t + "\n"]
)
def test_one_token_has_one_spelling(spoil: object) -> None:
    assert callable(spoil)
    assert api_token.parse(spoil(new().text)) is None


def test_a_tenant_beyond_128_bits_is_none() -> None:
    body = api_token.PREFIX + "z" * 26 + "0" * 32

    assert api_token.parse(body + api_token._check(body)) is None


def test_what_is_stored_is_an_hmac_under_the_newest_pepper_and_old_ones_are_found() -> None:
    token = new()
    old, both = Peppers({1: PEPPER}), Peppers({1: PEPPER, 2: NEWER})

    stored = api_token.stored_as(token, old)

    assert len(stored) == 64
    assert stored in api_token.lookups(token, both)
    assert api_token.stored_as(token, both) != stored
    assert both.current_version == 2


def test_a_hint_is_the_last_four_letters() -> None:
    token = new()

    assert token.hint == token.text[-4:]
