"""TLS, rates, countries, a server that is away, and what the server is told of callers."""

import http.client
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from deploy.edge.edges import Edge, edge_before, exchanged
from deploy.edge.test_attacks import assert_is_problem
from deploy.traffic.calls import Call
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from support.server import RunningServer

from tests.support.ports import free_port

HEALTH = Call(name="health", target="/health/live")
AMERICA, KOREA, NOWHERE = "127.1.0.1", "127.2.0.1", "127.3.0.1"


def spoken(edge: Edge, version: ssl.TLSVersion) -> str | None:
    """Return the version that an edge speaks to a client of at most this one; None for nothing."""
    context = edge.trust()
    context.minimum_version = context.maximum_version = version
    try:
        with (
            socket.create_connection(("127.0.0.1", edge.port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            return secured.version()
    except (ssl.SSLError, ConnectionResetError):
        return None


def test_tls_1_3_is_spoken_and_nothing_older(edge: Edge) -> None:
    assert spoken(edge, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    assert spoken(edge, ssl.TLSVersion.TLSv1_2) is None


def test_tls_1_2_can_be_asked_for(trusting_server: RunningServer, tmp_path: Path) -> None:
    with edge_before(tmp_path, trusting_server.port, "--tls", "1.2") as older:
        assert spoken(older, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        assert spoken(older, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"


def test_plain_http_is_told_so(edge: Edge) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=30)
    answer = exchanged(connection, HEALTH)
    connection.close()

    assert answer.status == 400
    assert answer.problem["error"] == "invalid_request"


def test_a_flood_is_slowed_down_and_told_when_to_come_again(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    words = ("--calls-per-minute", "60")
    with edge_before(tmp_path, trusting_server.port, *words) as narrow:
        connection = http.client.HTTPSConnection("127.0.0.1", narrow.port, context=narrow.trust())
        answers = [exchanged(connection, HEALTH) for _ in range(60)]
        connection.close()
        elsewhere = narrow.send(HEALTH, source="127.0.0.9")

    counted = Counter(answer.status for answer in answers)
    assert counted.keys() == {200, 429}
    assert counted[200] >= 10  # a burst of ten seconds
    assert counted[429] >= 30
    flooded = next(answer for answer in answers if answer.status == 429)
    assert_is_problem(flooded, 429, "rate_limited")
    assert flooded.headers["retry-after"] == str(flooded.problem["retry_after_seconds"]) == "5"
    assert elsewhere.status == 200


def test_a_hundred_a_minute_can_be_asked_for(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    words = ("--calls-per-minute", "100")
    with edge_before(tmp_path, trusting_server.port, *words) as narrow:
        assert "100 calls a minute of one address" in narrow.said
        connection = http.client.HTTPSConnection("127.0.0.1", narrow.port, context=narrow.trust())
        statuses = [exchanged(connection, HEALTH).status for _ in range(60)]
        connection.close()

    assert {200, 429} == {*statuses}


def test_an_edge_that_is_closed_says_when_to_come_again(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    with edge_before(tmp_path, trusting_server.port, "--closed") as closed:
        answer = closed.send(Call(name="x", target="/api/v1/licenses/"))
        health = closed.send(HEALTH)

    assert_is_problem(answer, 503, "closed")
    assert answer.headers["retry-after"] == "30"
    assert health.status == 200


def test_a_server_that_is_away_is_said(start_server: Any, tmp_path: Path) -> None:
    server = start_server(env={"LICENSE_FORWARDED_HOPS": "1"})
    with edge_before(tmp_path / "edge-data", server.port) as alone:
        assert alone.send(HEALTH).status == 200
        server.stop()
        answer = alone.send(HEALTH)

    assert_is_problem(answer, 502, "server_unreachable")
    assert answer.headers["retry-after"] == "5"


@pytest.fixture(scope="module")
def countries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which parts of 127.0.0.0/8 are the United States and North Korea."""
    writer = MMDBWriter(ip_version=4, database_type="GeoLite2-Country")
    for network, code in (("127.1.0.0/16", "US"), ("127.2.0.0/16", "KP")):
        writer.insert_network(IPSet([network]), {"country": {"iso_code": code}})
    file = tmp_path_factory.mktemp("countries") / "countries.mmdb"
    writer.to_db_file(str(file))
    return file


def test_countries_that_are_denied_are_refused(
    trusting_server: RunningServer, countries: Path, tmp_path: Path
) -> None:
    words = ("--countries-file", str(countries), "--denied-countries", "KP,IR")
    with edge_before(tmp_path, trusting_server.port, *words) as choosy:
        answers = {where: choosy.send(HEALTH, source=where) for where in (AMERICA, KOREA, NOWHERE)}

        shown = [line["country"] for line in choosy.lines_of(*answers.values())]
    assert {where: answer.status for where, answer in answers.items()} == {
        AMERICA: 200,
        KOREA: 403,
        NOWHERE: 200,
    }
    assert_is_problem(answers[KOREA], 403, "refused_at_edge")
    assert shown == ["US", "KP", ""]


def test_countries_that_are_not_allowed_are_refused(
    trusting_server: RunningServer, countries: Path, tmp_path: Path
) -> None:
    words = ("--countries-file", str(countries), "--allowed-countries", "US,CA")
    with edge_before(tmp_path, trusting_server.port, *words) as choosy:
        statuses = [choosy.send(HEALTH, source=where).status for where in (AMERICA, KOREA, NOWHERE)]

    assert statuses == [200, 403, 403]


@contextmanager
def heard() -> Iterator[tuple[int, list[str]]]:
    """Listen as a server would, answer 200, and keep the heads that came."""
    port, heads = free_port(), list[str]()
    listener = socket.create_server(("127.0.0.1", port))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heads.append(connection.recv(65_536).decode())
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield port, heads
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(30)


def test_what_callers_write_of_their_way_is_replaced(tmp_path: Path) -> None:
    forged = {
        "x-forwarded-for": "203.0.113.5, 198.51.100.7",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "evil.example",
        "x-real-ip": "203.0.113.5",
        "forwarded": "for=203.0.113.5",
        "x-request-id": "not an id",
    }
    with heard() as (port, heads), edge_before(tmp_path, port) as edge:
        edge.send(Call(name="x", target="/api/v1/licenses/?page_size=5", headers=forged))
        head = heads[-1].lower()

    assert head.startswith("get /api/v1/licenses/?page_size=5 http/1.1\r\n")
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    assert lines["x-forwarded-for"] == "127.0.0.1"
    assert lines["x-forwarded-proto"] == "https"
    assert lines["host"] == "licenses.coditect.ai"
    assert len(lines["x-request-id"]) == 32
    assert lines.keys().isdisjoint({"x-forwarded-host", "x-real-ip", "forwarded"})
    assert "connection" not in lines
