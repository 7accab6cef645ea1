"""License keys: one spelling for all ways to type them, and nothing stored that opens a door."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licenses.license_key import KeyHasher, format_key, hint, is_well_formed, normalize

RANDOMNESS = st.binary(min_size=16, max_size=16)
KEY = format_key(bytes(range(16)))
PEPPER = b"p" * 32
OLD_PEPPER = b"o" * 32


def test_a_key_has_a_prefix_and_six_groups_of_five() -> None:
    prefix, *groups = KEY.split("-")

    assert prefix == "CDT1"
    assert [len(group) for group in groups] == [5] * 6
    assert not set("".join(groups)) & set("ILOU")


def test_a_key_is_the_same_for_the_same_randomness_for_ever() -> None:
    assert KEY == "CDT1-000G4-0R40M-30E20-9185G-R38E1-ECG1K"


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_key_takes_exactly_sixteen_random_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        format_key(bytes(length))


@given(RANDOMNESS)
def test_every_key_is_well_formed(randomness: bytes) -> None:
    assert is_well_formed(format_key(randomness))


@given(st.sets(RANDOMNESS, min_size=2, max_size=2))
def test_keys_differ_when_their_first_125_bits_do(pair: set[bytes]) -> None:
    first, second = pair
    are_same = int.from_bytes(first, "big") >> 3 == int.from_bytes(second, "big") >> 3

    assert (format_key(first) == format_key(second)) is are_same


def test_a_hundred_thousand_keys_differ_and_use_every_letter_alike() -> None:
    random = Random(1)
    keys = {format_key(random.randbytes(16)) for _ in range(100_000)}

    letters = Counter("".join(key[len("CDT1") :].replace("-", "") for key in keys))
    expected = sum(letters.values()) / 32
    chi_square = sum((seen - expected) ** 2 / expected for seen in letters.values())

    assert len(keys) == 100_000
    assert len(letters) == 32
    assert chi_square < 62  # of 31 degrees of freedom: one good alphabet in a thousand exceeds it


@given(RANDOMNESS)
def test_case_hyphens_spaces_and_look_alikes_do_not_matter(randomness: bytes) -> None:
    key = format_key(randomness)
    typed = key.lower().replace("-", "  ").replace("0", "o").replace("1", "l", 2)

    assert normalize(f"cdt1{typed[4:]}") == normalize(key)


@given(randomness=RANDOMNESS, place=st.integers(0, 29), step=st.integers(1, 31))
def test_one_wrong_letter_is_noticed(randomness: bytes, place: int, step: int) -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    letters = list(normalize(format_key(randomness)))
    letters[4 + place] = alphabet[(alphabet.index(letters[4 + place]) + step) % 32]

    assert not is_well_formed("".join(letters))


@given(randomness=RANDOMNESS, place=st.integers(0, 28))
def test_two_letters_exchanged_are_noticed(randomness: bytes, place: int) -> None:
    key = normalize(format_key(randomness))
    here = 4 + place
    exchanged = key[:here] + key[here + 1] + key[here] + key[here + 2 :]

    assert is_well_formed(exchanged) is (exchanged == key)


@given(st.text())
def test_any_other_text_comes_back_unchanged(text: str) -> None:
    assert normalize(text) == text
    assert not is_well_formed(text)


@pytest.mark.parametrize("text", ["", "CDT1", KEY[:-1], f"{KEY}0", KEY.replace("CDT1", "CDT2")])
def test_what_is_almost_a_key_is_none(text: str) -> None:
    assert not is_well_formed(text)


def test_the_hint_is_the_last_four_letters() -> None:
    assert hint(KEY) == KEY[-4:] == hint(KEY.lower())


def test_what_is_stored_depends_on_key_and_pepper_and_not_on_spelling() -> None:
    hasher = KeyHasher({1: PEPPER})

    assert hasher.current(KEY) == hasher.current(KEY.lower().replace("-", ""))
    assert hasher.current(KEY) != KeyHasher({1: OLD_PEPPER}).current(KEY)
    assert len(hasher.current(KEY)) == 64
    assert KEY not in hasher.current(KEY)


def test_new_keys_take_the_newest_pepper_and_old_ones_are_still_found() -> None:
    before = KeyHasher({1: OLD_PEPPER})
    after = KeyHasher({1: OLD_PEPPER, 2: PEPPER})

    assert after.current_version == 2
    assert after.candidates(KEY) == (after.current(KEY), before.current(KEY))


@pytest.mark.parametrize("peppers", [{}, {1: b"short"}, {1: PEPPER, 2: PEPPER[:31]}])
def test_a_pepper_has_at_least_32_bytes(peppers: dict[int, bytes]) -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        KeyHasher(peppers)
