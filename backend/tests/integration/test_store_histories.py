"""The recorded histories that ship, checked with the command that anybody can run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.history import check
from tests.support.history_events import Event, read_history, write_history

BACKEND = Path(__file__).resolve().parents[2]
HISTORIES = BACKEND / "tests/support/histories"
LICENSE = Event("license", seats=1, ttl_ms=1_000)


def held(device: str, sent_ms: int, *, session: str = "", gen: int = 1) -> Event:
    return Event(
        "acquire",
        sent_ms=sent_ms,
        replied_ms=sent_ms + 10,
        device=device,
        outcome="held",
        session=session or f"session-of-{device}",
        gen=gen,
        slot=0,
        lease_ms=1_000,
    )


def call(kind: str, outcome: str, device: str, sent_ms: int) -> Event:
    return Event(
        kind,  # type: ignore[arg-type]
        sent_ms=sent_ms,
        replied_ms=sent_ms + 10,
        device=device,
        outcome=outcome,  # type: ignore[arg-type]
        session=f"session-of-{device}",
    )


@pytest.mark.parametrize(
    ("name", "verdict", "status"),
    [("three_seats", "kept", 0), ("three_seats_stolen_early", "BROKEN", 1)],
)
def test_the_command_tells_a_good_history_from_a_bad_one(
    name: str, verdict: str, status: int
) -> None:
    file = HISTORIES / f"{name}.jsonl"

    done = subprocess.run(
        [sys.executable, "-m", "tests.support.history", str(file)],
        cwd=BACKEND,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == status, done.stderr
    assert f"{file.name}: {verdict}" in done.stdout


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    events = [LICENSE, held("a", 0), call("release", "done", "a", 50)]

    write_history(tmp_path / "some.jsonl", events)

    assert read_history(tmp_path / "some.jsonl") == events


def test_s1_a_seat_passed_on_after_its_release_is_no_overlap() -> None:
    events = [LICENSE, held("a", 0), call("release", "done", "a", 50), held("b", 60, gen=2)]

    report = check(events)

    assert (report.broken, report.most_holders, report.over_allocated_ms) == ({}, 1, 0)


def test_s1_two_devices_on_one_seat_are_measured_in_milliseconds() -> None:
    report = check([LICENSE, held("a", 0), held("b", 400, gen=2)])

    assert report.most_holders == 2
    assert report.over_allocated_ms == 1_000 - 410
    assert set(report.broken) == {"S1"}


def test_s1_belief_counts_from_sending_so_a_slow_reply_shortens_it() -> None:
    slow = Event(
        "acquire",
        replied_ms=900,
        device="a",
        outcome="held",
        session="session-of-a",
        gen=1,
        slot=0,
        lease_ms=1_000,
    )

    assert check([LICENSE, slow, held("b", 995, gen=2)]).broken == {}


def test_s2_a_lease_lost_while_it_was_sure_is_a_violation() -> None:
    sure = [LICENSE, held("a", 0), call("heartbeat", "lost", "a", 500)]
    late = [LICENSE, held("a", 0), call("heartbeat", "lost", "a", 995)]

    assert set(check(sure).broken) == {"S2"}
    assert check(late).broken == {}


def test_s3_a_denial_while_no_one_can_hold_the_seat_is_a_violation() -> None:
    free = [LICENSE, call("acquire", "denied", "b", 500)]
    perhaps_held = [LICENSE, held("a", 0), call("acquire", "denied", "b", 1_005)]

    assert set(check(free).broken) == {"S3"}
    assert check(perhaps_held).broken == {}


def test_s4_a_second_session_beside_the_first_is_a_violation() -> None:
    events = [LICENSE, held("a", 0), held("a", 500, session="another", gen=2)]

    assert set(check(events).broken) == {"S4"}


def test_s6_a_later_holder_with_no_greater_generation_is_a_violation() -> None:
    events = [LICENSE, held("a", 0, gen=2), held("b", 2_000, gen=2)]

    assert set(check(events).broken) == {"S6"}


def test_s12_holders_that_shrinking_left_are_no_overlap() -> None:
    two_seats = Event("license", seats=2, ttl_ms=1_000)
    other = Event(
        "acquire",
        replied_ms=10,
        device="b",
        outcome="held",
        session="session-of-b",
        gen=1,
        slot=1,
        lease_ms=1_000,
    )
    shrunk = Event("seats", sent_ms=100, replied_ms=110, seats=1)

    newcomer = held("c", 500, gen=2)

    assert check([two_seats, held("a", 0), other, shrunk]).broken == {}
    assert set(check([two_seats, held("a", 0), other, shrunk, newcomer]).broken) == {"S1"}


def borrowed(device: str, sent_ms: int, lease_ms: int) -> Event:
    return Event(
        "borrow",
        sent_ms=sent_ms,
        replied_ms=sent_ms + 10,
        device=device,
        outcome="held",
        session=f"session-of-{device}",
        gen=1,
        slot=0,
        lease_ms=lease_ms,
    )


def test_s10_a_file_is_believed_to_its_end_whatever_its_device_releases() -> None:
    lent = [LICENSE, held("a", 0), borrowed("a", 20, 5_000), call("release", "done", "a", 100)]

    given_away = check([*lent, held("b", 3_000, gen=2)])
    after_its_end = check([*lent, held("b", 5_030, gen=2)])

    assert set(given_away.broken) == {"S1"}
    assert given_away.over_allocated_ms == 990  # as long as b believes; the file runs on
    assert after_its_end.broken == {}


def test_s3_a_denial_while_a_file_runs_is_true() -> None:
    lent = [LICENSE, held("a", 0), borrowed("a", 20, 5_000), call("release", "done", "a", 100)]

    assert check([*lent, call("acquire", "denied", "b", 3_000)]).broken == {}
    assert set(check([*lent, call("acquire", "denied", "b", 6_000)]).broken) == {"S3"}
