"""The write gate and the server's seat, seen from one thread."""

import fcntl
from pathlib import Path

import pytest

from leasing.stores.gate import ServerAlreadyRunning, ServerSeat, WriteGate


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "license.sqlite3"


def test_a_gate_is_held_inside_and_free_outside(database: Path) -> None:
    gate = WriteGate(database)

    with gate:
        assert gate.held
    assert not gate.held
    gate.close()


def test_the_gate_is_freed_when_the_work_inside_fails(database: Path) -> None:
    gate = WriteGate(database)

    with pytest.raises(ZeroDivisionError), gate:
        _ = 1 / 0

    assert not gate.held
    gate.close()


def test_leaving_without_being_inside_does_not_let_two_in(database: Path) -> None:
    outside, inside = WriteGate(database), WriteGate(database)
    inside.acquire()

    outside.release()

    assert inside.held
    assert not is_free(database)
    outside.close()
    inside.close()


def test_closing_frees_the_gate(database: Path) -> None:
    gate = WriteGate(database)
    gate.acquire()

    gate.close()
    gate.close()

    assert is_free(database)


def test_the_gates_files_are_private_to_their_owner(database: Path) -> None:
    WriteGate(database).close()

    modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    assert modes == {"license.sqlite3-turnstile": 0o600, "license.sqlite3-gate": 0o600}


def test_one_server_at_a_time(database: Path) -> None:
    first = ServerSeat(database)
    with pytest.raises(ServerAlreadyRunning, match="another server is running"):
        ServerSeat(database)

    first.close()

    ServerSeat(database).close()


def is_free(database: Path) -> bool:
    """Tell whether nobody is inside, without waiting."""
    with database.with_name(f"{database.name}-gate").open("rb+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
