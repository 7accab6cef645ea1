"""Processes that share a Valkey: one limit for all of them, and notices from each to all."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from foundation.metrics import exposition
from leasing.http.admission import Quotas
from soft_state.allowances import Allowances
from soft_state.notices import Board, Topic
from soft_state.valkey import CHANNEL, Publisher
from tests.support.customer import Customer
from tests.support.fleet import in_fleet
from tests.support.plane import PATIENCE_SECONDS, Plane
from tests.support.valkey import PASSWORD, RunningValkey, running_valkey
from tests.support.waiting import until

PER_MINUTE = 60


class CountedLessons(Allowances):
    """Counts how often a process was told what all of them used together."""

    learned = 0

    def learn(self, debts: dict[str, float], now: float) -> None:
        super().learn(debts, now)
        self.learned += 1


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path) as running:
        yield running


@pytest.fixture
def planes(db: Path, tmp_path: Path) -> Iterator[list[Plane]]:
    """Two planes on one ledger, as two processes would be; their clocks stand still."""
    with ExitStack() as stack:
        quotas = Quotas(per_license=PER_MINUTE, per_seat=1)
        running = []
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            plane = Plane(db, tmp_path / name, quotas=quotas, shared=CountedLessons(is_shared=True))
            running.append(stack.enter_context(plane))
        yield running


def take_by_turns(planes: list[Plane], customer: Customer, calls: int) -> int:
    """Ask one plane after the other, each time when the last was told; return how many won."""
    taken = 0
    until(lambda: all(lessons(one) for one in planes))  # each asks once as it begins
    for number in range(calls):
        plane = planes[number % len(planes)]
        before = lessons(plane)
        answer = plane.acquire(customer, "laptop", proofs=["license_token"])
        if answer.status_code < 300:
            taken += 1
            until(lambda plane=plane, before=before: lessons(plane) > before)  # type: ignore[misc]
    return taken


def lessons(plane: Plane) -> int:
    assert isinstance(plane.shared, CountedLessons)
    return plane.shared.learned


def test_two_processes_take_what_one_would(valkey: RunningValkey, planes: list[Plane]) -> None:
    alice = Customer("alice", seats=2, key_auth=True)

    with in_fleet(planes[0], valkey.address), in_fleet(planes[1], valkey.address):
        taken = take_by_turns(planes, alice, 2 * PER_MINUTE)

    # Valkey's clock goes on meanwhile, a call a second: far fewer than a second quota.
    assert PER_MINUTE <= taken < PER_MINUTE * 1.5


def test_two_processes_alone_take_twice_as_much(planes: list[Plane]) -> None:
    alice = Customer("alice", seats=2, key_auth=True)

    answers = Counter(
        plane.acquire(alice, "laptop", proofs=["license_token"]).status_code
        for plane in planes
        for _ in range(PER_MINUTE + 1)
    )

    assert answers == {201: 1, 200: 2 * PER_MINUTE - 1, 429: 2}


def test_a_change_in_one_process_is_noticed_in_another(
    valkey: RunningValkey, planes: list[Plane]
) -> None:
    here, there, heard = Board(), Board(), list[Topic]()
    here.publish = Publisher(valkey.address)
    for topic in Topic:
        there.listen(topic, lambda topic=topic: heard.append(topic))  # type: ignore[misc]

    with in_fleet(planes[0], valkey.address, there):
        until(lambda: len(heard) == len(Topic))  # whoever begins to listen missed everything
        heard.clear()

        here.announce(Topic.KEY_SET, about="7")
        until(lambda: heard)

    assert heard == [Topic.KEY_SET]


def test_after_an_outage_everything_is_looked_at_again(
    valkey: RunningValkey, planes: list[Plane]
) -> None:
    board, heard = Board(), list[Topic]()
    for topic in Topic:
        board.listen(topic, lambda topic=topic: heard.append(topic))  # type: ignore[misc]

    with in_fleet(planes[0], valkey.address, board):
        until(lambda: len(heard) == len(Topic))
        valkey.restart()

        until(lambda: Counter(heard) == dict.fromkeys(Topic, 2))


def test_silence_of_a_valkey_that_is_there_is_no_outage(
    valkey: RunningValkey, planes: list[Plane], caplog: pytest.LogCaptureFixture
) -> None:
    board, heard = Board(), list[Topic]()
    board.listen(Topic.KEY_SET, lambda: heard.append(Topic.KEY_SET))

    with in_fleet(planes[0], valkey.address, board):
        until(lambda: heard)
        before = pings(valkey)
        until(lambda: pings(valkey) >= before + 3)
        valkey.ask("PUBLISH", CHANNEL, "key_set 7")
        until(lambda: len(heard) == 2)

    assert "Valkey is away" not in caplog.text


def pings(valkey: RunningValkey) -> int:
    """Count how often it was asked whether it is there."""
    return int(valkey.ask("INFO", "commandstats")["cmdstat_ping"]["calls"])


def test_a_flood_of_forged_notices_costs_a_bounded_number_of_reads(
    valkey: RunningValkey, planes: list[Plane]
) -> None:
    board, heard, marks = Board(), list[Topic](), list[Topic]()
    board.listen(Topic.ISSUERS, lambda: heard.append(Topic.ISSUERS))
    board.listen(Topic.KEY_SET, lambda: marks.append(Topic.KEY_SET))
    garbage = ["", "issuers", "issuers x; drop table", "no_such_topic 1", "\x00\x00", "{}" * 9_999]

    with in_fleet(planes[0], valkey.address, board) as fleet:
        until(lambda: marks)  # whoever begins to listen missed everything
        for number in range(1_000):
            valkey.ask("PUBLISH", CHANNEL, garbage[number % len(garbage)])
        valkey.ask("PUBLISH", CHANNEL, "key_set behind the flood")
        until(lambda: len(marks) == 2 and not fleet._due)
        before = len(heard)
        valkey.ask("PUBLISH", CHANNEL, "issuers real")
        until(lambda: len(heard) > before)

    assert 1 <= before < 30


def test_a_notice_that_cannot_be_sent_is_said_once_and_stops_nobody(
    valkey: RunningValkey, db: Path, caplog: pytest.LogCaptureFixture
) -> None:
    board, heard = Board(), list[str]()
    board.publish = Publisher(valkey.address)
    board.listen(Topic.LICENSES, lambda: heard.append("here"))
    valkey.kill()

    for number in range(100):
        board.announce(Topic.LICENSES, about=str(number))

    assert heard == ["here"] * 100
    assert caplog.text.count("a notice was not delivered") == 1
    assert PASSWORD not in caplog.text


def errors_counted() -> dict[str, float]:
    """Return the exported count of errors by use."""
    found = re.findall(r'license_soft_state_errors_total{use="(\w+)"} (\S+)', exposition())
    return {use: float(count) for use, count in found}


def test_metrics_tell_whether_valkey_is_there_and_how_often_it_failed(
    planes: list[Plane], valkey: RunningValkey
) -> None:
    with in_fleet(planes[0], valkey.address) as fleet:
        until(lambda: fleet.is_up, seconds=PATIENCE_SECONDS)
        before = errors_counted()
        valkey.kill()
        until(lambda: not fleet.is_up, seconds=PATIENCE_SECONDS)
        away = errors_counted()
        valkey.start()
        until(lambda: fleet.is_up, seconds=PATIENCE_SECONDS)

    assert away["notices"] > before["notices"]
    assert away["announcements"] == before["announcements"]
