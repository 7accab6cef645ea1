"""Addresses that are almost right: nobody gets in by them, and nothing falls over."""

import http.client

import pytest
from support.api_document import Described
from support.server import RunningServer
from support.town import Neighbour

PROBLEM = "application/problem+json"
DOCUMENTATION = ["documentation"]


def probe(
    server: RunningServer, method: str, path: str, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Send a path as it stands: clients of a higher kind would put it right before."""
    host, port = server.address
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, fields, answer.read()
    finally:
        connection.close()


def readable(operations: list[Described]) -> list[Described]:
    return [call for call in operations if call.method == "GET"]


def test_head_is_answered_like_get_without_a_body(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
) -> None:
    alice, _ = neighbours
    for call in readable(operations):
        path, who = call.address(alice.things), alice.people["anything"]

        got, _, _ = probe(town_server, "GET", path, who)
        status, fields, body = probe(town_server, "HEAD", path, who)

        assert (status, body) == (got, b""), path
        assert fields["content-type"], path


def test_options_says_which_methods_there_are(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
) -> None:
    alice, _ = neighbours
    methods: dict[str, set[str]] = {}
    for call in operations:
        methods.setdefault(call.path, set()).add(call.method)
    for call in operations:
        status, fields, _ = probe(
            town_server, "OPTIONS", call.address(alice.things), alice.people["anything"]
        )

        assert status == 405 or call.operation["tags"] == DOCUMENTATION, call.path
        allowed = set(fields["allow"].split(", ")) - {"HEAD", "OPTIONS"}
        assert allowed == methods[call.path], call.path


def test_no_header_makes_another_method_of_a_request(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
) -> None:
    alice, _ = neighbours
    for call in readable(operations):
        path, who = call.address(alice.things), alice.people["anything"]
        override = dict.fromkeys(("X-HTTP-Method-Override", "X-Method-Override"), "DELETE")

        before, _, _ = probe(town_server, "GET", path, who)
        status, _, _ = probe(town_server, "GET", path, {**who, **override})

        assert status == before, path
        assert probe(town_server, "GET", path, who)[0] == before, path


def misspelled(path: str) -> list[str]:
    """Return paths that a proxy might take for this one, or not."""
    inner = path.strip("/")
    return [
        f"/{path}",
        path.replace("/", "//", 2),
        f"/{inner.replace('/', '%2F')}",
        f"{path}%2f..%2f",
        f"{path}../",
        f"{path}%00",
        f"{path};a=b",
        f"/{inner.upper()}/",
        f"{path}%ff",
    ]


def test_a_misspelled_address_lets_nobody_in(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
) -> None:
    alice, _ = neighbours
    for call in operations:
        if call.is_open:
            continue
        for path in misspelled(call.address(alice.things)):
            status, fields, _ = probe(town_server, call.method, path, {})

            assert status in {400, 401, 404, 405}, path
            assert fields["content-type"] == PROBLEM, path


@pytest.mark.parametrize("change", [str.upper, lambda id_: id_.replace("-", ""), "{{{}}}".format])
def test_an_id_in_another_spelling_is_no_id(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
    change: object,
) -> None:
    alice, _ = neighbours
    assert callable(change)
    things = {name: change(id_) for name, id_ in alice.things.items()}
    for call in readable(operations):
        if call.in_path:
            status, _, _ = probe(town_server, "GET", call.address(things), alice.people["anything"])
            assert status == 404, call.path


def test_the_slash_at_the_end_belongs_to_the_address(
    town_server: RunningServer,
    neighbours: tuple[Neighbour, Neighbour],
    operations: list[Described],
) -> None:
    """In the leasing plane, which programs call by hand-made addresses, it may be left out."""
    alice, _ = neighbours
    for call in readable(operations):
        path, who = call.address(alice.things), alice.people["anything"]
        with_slash, _, _ = probe(town_server, "GET", path, who)
        without, fields, _ = probe(town_server, "GET", path.rstrip("/"), who)

        is_leasing = set(call.operation["tags"]) <= {"leases", "keys", "health"}
        assert without == (with_slash if is_leasing else 404), path
        assert "location" not in fields, path
