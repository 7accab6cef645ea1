"""Nobody who reads over HTTP waits for whoever writes, on SQLite too."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest
from support.api_document import Described
from support.server import RunningServer
from support.town import Neighbour

_OF_THE_LEDGER: Final = {"read_session"}
"""Calls of the leasing plane: a batch answers them in turn with those that write."""


@contextmanager
def writing(database: Path) -> Iterator[None]:
    """Hold the write gate of a database, as a long write does (docs/adr/0004)."""
    with database.with_name(f"{database.name}-gate").open("rb+") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


@pytest.fixture
def reads(operations: list[Described]) -> list[Described]:
    """Every call of the control plane that only reads."""
    closed = [call for call in operations if call.method == "GET" and not call.is_open]
    return [call for call in closed if call.name not in _OF_THE_LEDGER]


def test_every_read_of_the_office_is_answered_while_somebody_writes(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    reads: list[Described],
) -> None:
    alice, _ = neighbours
    who = "anything"
    alice.send("GET", "/api/v1/products/", who=who).raise_for_status()  # a sign-in is written down

    with writing(town_server.data_dir / "license.sqlite3"):
        said = {
            call.name: alice.send(
                "GET", call.address(alice.things), who=who, timeout=10
            ).status_code
            for call in reads
        }

    assert len(said) >= 15
    assert said.pop("read_audit_checkpoint") in {200, 404}  # there is one a while after the start
    assert set(said.values()) == {200}, said


def test_the_gate_of_this_test_is_the_one_that_writers_wait_for(
    town_server: RunningServer, neighbours: tuple[Neighbour, Neighbour]
) -> None:
    alice, _ = neighbours
    alice.send("GET", "/api/v1/products/").raise_for_status()
    body = {"code": "waits", "name": "Waits"}

    with (
        writing(town_server.data_dir / "license.sqlite3"),
        pytest.raises(httpx.ReadTimeout),
    ):
        alice.send("POST", "/api/v1/products/", body=body, timeout=0.5)

    alice.send("GET", "/api/v1/products/").raise_for_status()
