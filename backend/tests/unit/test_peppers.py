"""Peppers by version: the highest hashes what is new, and all of them find what is old."""

from pathlib import Path

import pytest

from coditect_license.peppers import VERSIONS, name_of, peppers_from_environment
from foundation.env import EnvironmentMistake
from licenses.license_key import KeyHasher

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for version in VERSIONS:
        monkeypatch.delenv(name_of(version), raising=False)
        monkeypatch.delenv(f"{name_of(version)}_FILE", raising=False)
    return monkeypatch


def test_all_nine_versions_are_read(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert peppers_from_environment() == {}
    for version in VERSIONS:
        environment.setenv(name_of(version), f"{version:064x}")
    file = tmp_path / "pepper"
    file.write_text(OLD + "\n")
    environment.setenv("LICENSE_KEY_PEPPER_9_FILE", str(file))

    found = peppers_from_environment()

    assert sorted(found) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert found[2] == bytes.fromhex(f"{2:064x}")
    assert found[9] == bytes.fromhex(OLD)


def test_a_key_of_the_old_pepper_is_found_beside_the_new_one(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("LICENSE_KEY_PEPPER_1", OLD)
    stored = KeyHasher(peppers_from_environment()).current("CDT1-X")

    environment.setenv("LICENSE_KEY_PEPPER_2", NEW)
    both = KeyHasher(peppers_from_environment())

    assert stored in both.candidates("CDT1-X")
    assert both.current("CDT1-X") != stored
    assert both.current_version == 2

    environment.delenv("LICENSE_KEY_PEPPER_1")
    assert stored not in KeyHasher(peppers_from_environment()).candidates("CDT1-X")


@pytest.mark.parametrize("value", ["short", "ab" * 31, "xy" * 32, OLD + "a", OLD + " "])
def test_a_wrong_one_is_named_and_not_quoted(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("LICENSE_KEY_PEPPER_3", value)

    with pytest.raises(EnvironmentMistake) as mistake:
        peppers_from_environment()

    assert str(mistake.value).startswith("LICENSE_KEY_PEPPER_3 must be")
    assert value not in str(mistake.value)
