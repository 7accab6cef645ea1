"""The server dies or is told to stop under load; nothing that was acknowledged may be lost."""

import signal
from collections.abc import Callable
from random import Random

import pytest
from support.books import Books
from support.crowd import Crowd, Habits
from support.server import RunningServer

from tests.support.history import check

StartServer = Callable[..., RunningServer]
SEATS = 10
CYCLES = 10


def crowd_at(server: RunningServer, *, seed: int) -> Crowd:
    """Return more devices than there are seats."""
    key = server.demo["license_key"]
    return Crowd([server.address], key, Habits(seats=SEATS, restless=14), seed=seed)


def assert_promises_kept(crowd: Crowd, server: RunningServer) -> None:
    report, books = check(crowd.events), Books.of_folder(server.data_dir)
    print(f"\n{report}")  # noqa: T201  a figure for the documents
    assert report.broken == {}
    assert crowd.surprises == []
    assert len(books.holders) <= SEATS
    assert books.contradictions() == []
    assert books.lost_acknowledgements(crowd.events) == []
    assert books.lost_renewals(crowd.promised) == []


def test_s1_s8_s14_kill_9_under_load_loses_nothing_and_grants_nothing_twice(
    start_server: StartServer,
) -> None:
    server, random = start_server(), Random(7)

    with crowd_at(server, seed=7) as crowd:
        for _ in range(CYCLES):
            crowd.wait_for_calls(random.randrange(100, 500))
            server.kill()
            server.start()
        crowd.wait_for_calls(200)
    server.stop()

    assert_promises_kept(crowd, server)
    assert {event.outcome for event in crowd.events} >= {"held", "denied", "done", "unknown"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_s14_told_to_stop_under_load_it_drains_and_ends_with_status_0(
    start_server: StartServer, number: signal.Signals
) -> None:
    server = start_server()

    with crowd_at(server, seed=11) as crowd:
        crowd.wait_for_calls(300)
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
    server.stop()

    assert "every acknowledged change is kept" in server.output[-1]
    assert_promises_kept(crowd, server)


def test_s8_a_seat_taken_before_the_crash_is_its_owners_by_repeating_the_call(
    start_server: StartServer,
) -> None:
    server = start_server()
    with crowd_at(server, seed=13) as crowd:
        crowd.wait_for_calls(200)
        server.kill()
    running = {
        session
        for session, has_ended in Books.of_folder(server.data_dir).ended.items()
        if not has_ended
    }
    server.start()

    with crowd_at(server, seed=13) as again:
        again.wait_for_calls(200)

    resumed = {event.session for event in again.events if event.outcome == "held"}
    assert resumed & running
    seen_by_both = [*crowd.events, *again.events[1:]]  # the first event is the license
    assert check(seen_by_both).broken == {}
