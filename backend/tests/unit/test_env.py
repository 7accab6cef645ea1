"""Settings are read from the environment strictly: a wrong one refuses to start and says which."""

from pathlib import Path

import pytest

from foundation import env

NAME = "LICENSE_TEST_SETTING"


@pytest.mark.parametrize("value", ["", None])
def test_unset_and_empty_are_the_same(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(NAME, raising=False)
    if value is not None:
        monkeypatch.setenv(NAME, value)

    assert env.text(NAME, "default") == "default"
    assert env.integer(NAME, 7, lowest=1, highest=9) == 7
    assert env.boolean(NAME, default=True) is True
    assert env.listing(NAME, ["a"]) == ["a"]
    assert env.secret(NAME) is None
    with pytest.raises(env.EnvironmentMistake, match=NAME):
        env.text(NAME)


@pytest.mark.parametrize("value", ["1", "true", "YES", "On"])
def test_ways_to_say_yes(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    assert env.boolean(NAME, default=False) is True


@pytest.mark.parametrize("value", ["0", "false", "NO", "Off"])
def test_ways_to_say_no(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    assert env.boolean(NAME, default=True) is False


@pytest.mark.parametrize("value", ["maybe", "2", " ", "truee", "y"])
def test_anything_else_is_a_mistake(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(env.EnvironmentMistake, match=NAME):
        env.boolean(NAME, default=True)


@pytest.mark.parametrize(("value", "number"), [("1", 1), ("9", 9), ("007", 7)])
def test_numbers_within_their_bounds(
    monkeypatch: pytest.MonkeyPatch, value: str, number: int
) -> None:
    monkeypatch.setenv(NAME, value)

    assert env.integer(NAME, 5, lowest=1, highest=9) == number


@pytest.mark.parametrize(
    "value", ["0", "10", "-1", "+1", "1.0", "1e1", " 1", "0x1", "\u0661", "9" * 5_000]
)
def test_numbers_of_another_form_or_out_of_bounds(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(env.EnvironmentMistake, match=f"{NAME} must be a whole number from 1 to 9"):
        env.integer(NAME, 5, lowest=1, highest=9)


def test_a_list_forgets_spaces_and_empty_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a.example, ,b.example,")

    assert env.listing(NAME, []) == ["a.example", "b.example"]


def test_a_secret_may_come_from_a_file_which_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    monkeypatch.setenv(NAME, "from the variable")

    assert env.secret(NAME) == "from the variable"
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert env.secret(NAME) == "from the file"


def test_a_secret_file_that_cannot_be_read_is_a_mistake_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "missing"))

    with pytest.raises(env.EnvironmentMistake, match=f"{NAME}_FILE: cannot read .*missing"):
        env.secret(NAME)
