"""Valkey killed, frozen, flushed, full, locked, lying: grants, probes and latency stay as they are.

S16: soft state that is away ends no live lease. Every test runs the real plane beside a real
Valkey, and what is asked of the plane is asked while Valkey is in trouble.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import httpx
import pytest

from leasing.http.admission import Quotas
from soft_state.address import read_address
from soft_state.allowances import Allowances
from tests.support.customer import Customer
from tests.support.fleet import in_fleet
from tests.support.plane import PATIENCE_SECONDS, Plane, as_key
from tests.support.valkey import PASSWORD, RunningValkey, running_valkey
from tests.support.waiting import until

PER_MINUTE = 60
LONGEST_CALL_SECONDS = 2.0
"""Generous for a machine that runs other tests; Valkey's own deadlines are a fortieth of it."""

Trouble = Callable[[RunningValkey], None]


def killed(valkey: RunningValkey) -> None:
    valkey.kill()


def frozen(valkey: RunningValkey) -> None:
    valkey.freeze()


def flushed(valkey: RunningValkey) -> None:
    valkey.ask("FLUSHALL")


def restarted(valkey: RunningValkey) -> None:
    valkey.restart()


def full(valkey: RunningValkey) -> None:
    valkey.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    valkey.ask("CONFIG", "SET", "maxmemory", "1")


def a_replica(valkey: RunningValkey) -> None:
    valkey.ask("REPLICAOF", "127.0.0.1", "1")


def under_another_password(valkey: RunningValkey) -> None:
    valkey.ask("CONFIG", "SET", "requirepass", "another")
    client_list(valkey, "another")


def client_list(valkey: RunningValkey, password: str) -> None:
    """End every connection, so that all have to log in anew."""
    with socket.create_connection(("127.0.0.1", valkey.port)) as administrator:
        administrator.sendall(f"AUTH {password}\r\nCLIENT KILL TYPE normal\r\n".encode())
        administrator.sendall(b"CLIENT KILL TYPE pubsub\r\n")
        administrator.recv(100)


def well_again(valkey: RunningValkey, trouble: Trouble) -> None:
    """End a trouble; the plane is told nothing."""
    if trouble is killed:
        valkey.start()
    elif trouble is frozen:
        valkey.thaw()
    elif trouble is full:
        valkey.ask("CONFIG", "SET", "maxmemory", "0")
    elif trouble is a_replica:
        valkey.ask("REPLICAOF", "NO", "ONE")
    elif trouble is under_another_password:
        valkey.restart()


TROUBLES: list[Trouble] = [
    killed,
    frozen,
    flushed,
    restarted,
    full,
    a_replica,
    under_another_password,
]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningValkey]:
    with running_valkey(tmp_path) as running:
        yield running


@pytest.fixture
def plane(db: Path, tmp_path: Path) -> Iterator[Plane]:
    quotas = Quotas(per_license=PER_MINUTE, per_seat=1)
    with Plane(db, tmp_path, quotas=quotas, shared=Allowances(is_shared=True)) as running:
        yield running


@pytest.fixture
def alice(plane: Plane) -> Customer:
    return Customer("alice", seats=3, key_auth=True)


def timed(call: Callable[[], httpx.Response]) -> httpx.Response:
    began = monotonic()
    answer = call()
    assert monotonic() - began < LONGEST_CALL_SECONDS
    return answer


def a_working_day(plane: Plane, customer: Customer, seats: int) -> list[int]:
    """Fill all seats and one more, renew, release and read; return every status."""
    key = as_key(customer.key)

    def acquire(device: int) -> httpx.Response:
        return timed(lambda: plane.acquire(customer, f"{device}", proofs=["license_token"]))

    taken = [acquire(device) for device in range(seats)]
    denied = acquire(seats)
    sessions = [answer.json()["session_id"] for answer in taken]
    beats = [timed(lambda s=session: plane.heartbeat(s, key)) for session in sessions]  # type: ignore[misc]
    ready = timed(lambda: plane.call("GET", "/health/ready"))
    gone = [timed(lambda s=session: plane.release(s, key)) for session in sessions]  # type: ignore[misc]
    return [answer.status_code for answer in [*taken, denied, *beats, ready, *gone]]


GOOD_DAY = [201, 201, 201, 409, 200, 200, 200, 200, 204, 204, 204]


def is_shared(valkey: RunningValkey, plane: Plane, customer: Customer) -> bool:
    """Ask for a seat; return whether Valkey came to count that."""
    plane.clock.advance(5)
    plane.acquire(customer, "probe", proofs=["license_token"])
    try:
        return bool(valkey.ask("KEYS", f"*license:{customer.license.id}"))
    except Exception:  # noqa: BLE001  it is not there yet
        return False


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_s16_whatever_happens_to_valkey_seats_are_granted_renewed_and_released_as_ever(
    valkey: RunningValkey, plane: Plane, alice: Customer, trouble: Trouble
) -> None:
    with in_fleet(plane, valkey.address):
        until(lambda: is_shared(valkey, plane, alice))
        plane.release(plane.acquire(alice, "probe").json()["session_id"], as_key(alice.key))
        trouble(valkey)

        days = [a_working_day(plane, alice, seats=3) for _ in range(3)]
        taken = [plane.acquire(alice, "laptop").status_code for _ in range(2 * PER_MINUTE)]

        assert days == [GOOD_DAY] * 3
        assert 429 in taken, "a process alone keeps the limit too"
        well_again(valkey, trouble)
        until(lambda: is_shared(valkey, plane, alice))


def test_a_valkey_that_was_never_there_stops_no_server(plane: Plane, alice: Customer) -> None:
    nowhere = read_address("redis://127.0.0.1:1", password=None, ca_file=None)

    with in_fleet(plane, nowhere):
        assert a_working_day(plane, alice, seats=3) == GOOD_DAY


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_ends_and_shows_no_password(
    valkey: RunningValkey, plane: Plane, alice: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def lines(words: str) -> list[str]:
        return [r.getMessage() for r in caplog.records if words in r.getMessage()]

    with in_fleet(plane, valkey.address):
        until(lambda: len(lines("Valkey is there")) == 2)
        valkey.kill()
        until(lambda: is_noticed(plane, alice, lines))
        turn_away(valkey.port, callers=6)
        valkey.start()
        until(lambda: len(lines("Valkey is there")) == 4)

    away = lines("Valkey is away")
    assert len(away) == 2
    assert any("each process counts alone" in line for line in away)
    assert PASSWORD not in caplog.text


def turn_away(port: int, *, callers: int) -> None:
    """Take so many connections in the place of a server that is gone, and answer none."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        for _ in range(callers):
            listener.accept()[0].close()


def is_noticed(plane: Plane, alice: Customer, lines: Callable[[str], list[str]]) -> bool:
    plane.clock.advance(5)
    plane.acquire(alice, "laptop")
    return len(lines("Valkey is away")) == 2


def test_a_valkey_that_takes_connections_and_answers_nothing_is_given_up(
    valkey: RunningValkey, plane: Plane, alice: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    with in_fleet(plane, valkey.address):
        until(lambda: is_shared(valkey, plane, alice))
        valkey.freeze()

        until(lambda: is_said_after_a_call(plane, alice, "TimeoutError", caplog))
        until(lambda: caplog.text.count("Valkey is away") == 2)


def is_said_after_a_call(
    plane: Plane, alice: Customer, words: str, caplog: pytest.LogCaptureFixture
) -> bool:
    plane.acquire(alice, "laptop")
    return words in caplog.text


def test_a_wrong_password_is_said_and_not_shown(
    valkey: RunningValkey, plane: Plane, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = read_address(
        f"redis://:not-{PASSWORD}@127.0.0.1:{valkey.port}", password=None, ca_file=None
    )

    with in_fleet(plane, wrong):
        until(lambda: "AuthenticationError" in caplog.text)

    assert PASSWORD not in caplog.text


@contextmanager
def a_stranger(answer: bytes) -> Iterator[int]:
    """Listen on a port and say the same to everybody."""

    def say(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65_536):
                connection.sendall(answer)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=say, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK\r\n",
        b":-1\r\n",
        b"*x\r\n",
        b"$9999999999\r\n",
        b"\xff\xfe\r\n",
        b"*1\r\n$3\r\nabc\r\n",
    ],
)
def test_whoever_answers_in_valkeys_place_is_not_believed(
    plane: Plane, alice: Customer, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    with a_stranger(answer) as port:
        address = read_address(f"redis://127.0.0.1:{port}", password=None, ca_file=None)
        with in_fleet(plane, address):
            day = a_working_day(plane, alice, seats=3)
            until(lambda: "each process counts alone" in caplog.text)

    assert day == GOOD_DAY
    assert "not shared any more" not in caplog.text


def test_a_counter_that_somebody_spoiled_starts_anew(
    valkey: RunningValkey, plane: Plane, alice: Customer
) -> None:
    key = f"{{license-limits}}:license:{alice.license.id}"
    with in_fleet(plane, valkey.address):
        for spoil in (["SET", key, "nan"], ["SET", key, "x"], ["LPUSH", key, "x"]):
            valkey.ask("DEL", key)
            valkey.ask(*spoil)
            plane.clock.advance(60)

            assert plane.acquire(alice, "laptop").status_code in {200, 201}

            until(lambda: valkey.ask("TYPE", key) == "string" and valkey.ask("GET", key).isdigit())
