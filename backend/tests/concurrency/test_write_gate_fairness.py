"""The write gate under contention: everybody gets in, also past writers that never pause."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest

from leasing.stores.gate import ServerAlreadyRunning, ServerSeat, WriteGate
from tests.support.children import child, line_of
from tests.support.telling import tell

TURNS = 1_000
LONGEST_WAIT_SECONDS = 1.0
PATIENCE_SECONDS = 20.0
ENOUGH_PASSAGES = 30


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "license.sqlite3"


@contextmanager
def busy_threads(database: Path, count: int) -> Iterator[list[int]]:
    """Run threads that pass the gate without a pause; count their passages."""
    passages = [0] * count
    is_over = threading.Event()

    def write(place: int) -> None:
        gate = WriteGate(database)
        while not is_over.is_set():
            with gate:
                passages[place] += 1
                sum(range(20_000))
        gate.close()

    threads = [threading.Thread(target=write, args=[place]) for place in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield passages
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_only_one_writer_is_inside(database: Path) -> None:
    inside = most_inside = 0
    gates = [WriteGate(database) for _ in range(4)]

    def write(gate: WriteGate) -> None:
        nonlocal inside, most_inside
        for _ in range(TURNS):
            with gate:
                inside += 1
                most_inside = max(most_inside, inside)
                sum(range(500))
                inside -= 1

    threads = [threading.Thread(target=write, args=[gate]) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most_inside == 1
    for gate in gates:
        gate.close()


@pytest.mark.alone
@pytest.mark.parametrize("count", [1, 3])
def test_busy_threads_starve_neither_another_nor_each_other(database: Path, count: int) -> None:
    gate = WriteGate(database)

    with busy_threads(database, count) as passages:
        worst_seconds = 0.0
        deadline = perf_counter() + PATIENCE_SECONDS
        while min(passages) < ENOUGH_PASSAGES and perf_counter() < deadline:
            worst_seconds = max(worst_seconds, longest_wait_seconds(gate, turns=10))
    gate.close()

    tell(f"longest wait beside {count} busy threads: {worst_seconds * 1e3:.1f} ms")
    assert worst_seconds < LONGEST_WAIT_SECONDS
    assert min(passages) >= ENOUGH_PASSAGES


@pytest.mark.alone
def test_a_busy_process_cannot_starve_another(database: Path) -> None:
    gate = WriteGate(database)

    with child("write_busily", database) as process:
        assert line_of(process) == "writing\n"
        worst_seconds = longest_wait_seconds(gate)
    gate.close()

    tell(f"longest wait beside a busy process: {worst_seconds * 1e3:.1f} ms")
    assert worst_seconds < LONGEST_WAIT_SECONDS


@pytest.mark.alone
def test_a_holder_that_is_killed_frees_the_gate(database: Path) -> None:
    gate = WriteGate(database)
    with child("hold_gate", database, "gate") as process:
        assert line_of(process) == "inside\n"

        process.kill()
        process.wait()

        assert longest_wait_seconds(gate) < LONGEST_WAIT_SECONDS
    gate.close()


def test_a_second_server_process_is_refused_until_the_first_is_gone(database: Path) -> None:
    with child("hold_gate", database, "server") as process:
        assert line_of(process) == "inside\n"
        with pytest.raises(ServerAlreadyRunning, match="one server process"):
            ServerSeat(database)

        process.kill()
        process.wait()

        ServerSeat(database).close()


def longest_wait_seconds(gate: WriteGate, turns: int = TURNS) -> float:
    worst_seconds = 0.0
    for _ in range(turns):
        began_at = perf_counter()
        with gate:
            worst_seconds = max(worst_seconds, perf_counter() - began_at)
    return worst_seconds
