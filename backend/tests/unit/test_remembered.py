"""What is known by heart of sessions, and by whom."""

from leasing.stores.sql.remembered import Remembered

MINE = {"tenant": "a", "session": "s", "instance": ""}


def test_s11_a_session_is_known_to_its_own_tenant_alone() -> None:
    remembered = Remembered[str](most=2)

    remembered.keep("row", **MINE)

    assert remembered.find(**MINE) == "row"
    assert remembered.find(**MINE | {"tenant": "b"}) is None


def test_s5_another_program_of_the_device_is_not_taken_for_the_one_that_called() -> None:
    remembered = Remembered[str](most=2)

    remembered.keep("row", **MINE)

    assert remembered.find(**MINE | {"instance": "editor"}) is None


def test_what_changed_is_read_again() -> None:
    remembered = Remembered[str](most=2)
    remembered.keep("row", **MINE)

    remembered.forget("s")
    remembered.forget("never there")

    assert remembered.find(**MINE) is None


def test_s17_when_it_is_full_those_in_it_stay() -> None:
    remembered = Remembered[int](most=2)

    for number in range(3):
        remembered.keep(number, **MINE | {"session": str(number)})

    found = [remembered.find(**MINE | {"session": str(number)}) for number in range(3)]
    assert found == [0, 1, None]


def test_when_it_is_full_a_session_in_it_is_renewed_all_the_same() -> None:
    remembered = Remembered[int](most=1)

    for number in range(3):
        remembered.forget("s")  # as every change does
        remembered.keep(number, **MINE)

    assert remembered.find(**MINE) == 2


def test_all_of_it_can_be_forgotten() -> None:
    remembered = Remembered[str](most=2)
    remembered.keep("row", **MINE)

    remembered.clear()

    assert remembered.find(**MINE) is None
