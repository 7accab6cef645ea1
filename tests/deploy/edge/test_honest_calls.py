"""Honest calls are not touched: 400 of every operation, examples that do things, and the SDK."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from contract.test_examples import good_statuses, in_order, paste, wait_for_a_checkpoint
from deploy.edge.edges import Edge, exchanged
from deploy.traffic.legitimate import HOW_MANY, legitimate_calls
from support.api_document import described
from support.server import RunningServer
from support.town import Neighbour, town

from coditect_license_sdk import LeaseState, LicenseClient


def test_400_calls_of_every_operation_reach_the_server(edge: Edge) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", edge.port, context=edge.trust())
    answers = {call.name: exchanged(connection, call) for call in legitimate_calls()}
    connection.close()

    lines = zip(answers, edge.lines_of(*answers.values()), strict=True)
    touched = {name: line for name, line in lines if line["upstream_status"] != line["status"]}
    assert len(answers) == HOW_MANY == 400
    assert touched == {}


@pytest.fixture
def guests(trusting_server: RunningServer, edge: Edge) -> Iterator[tuple[Neighbour, Neighbour]]:
    """Two tenants who come through the edge."""
    alice, bob = town(trusting_server, "alice", "bob")
    for neighbour in (alice, bob):
        neighbour.leave()
        neighbour._client = httpx.Client(base_url=edge.url, verify=edge.trust(), timeout=60)
    yield alice, bob
    alice.leave()
    bob.leave()


def test_each_example_of_the_document_works_through_the_edge(
    trusting_server: RunningServer, guests: tuple[Neighbour, Neighbour]
) -> None:
    alice, bob = guests
    wait_for_a_checkpoint(alice)
    for call in in_order(described(trusting_server.base_url)):
        answer = paste(alice, bob, call)

        assert answer.status_code in good_statuses(call), (call.name, answer.text)


def test_the_sdk_holds_a_seat_through_the_edge_and_proves_it_offline(
    trusting_server: RunningServer, edge: Edge, tmp_path: Path
) -> None:
    client = LicenseClient(
        edge.url,
        license_key=trusting_server.demo["license_key"],
        roots=trusting_server.data_dir / "root.pem",
        ca_file=str(edge.certificate),
        hardware_id="laptop-7",
        cache_dir=tmp_path,
    )

    with client.acquire() as lease:
        assert lease.state is LeaseState.HELD
        assert lease.is_valid()  # verified against the root's key, with nobody asked
        beat = _call(edge, trusting_server, "PATCH", f"sessions/{lease.session_id}/heartbeat/")
        assert beat.status_code == 200
        assert beat.json()["lease_expires_at"]
    assert (
        _call(edge, trusting_server, "GET", f"sessions/{lease.session_id}/").json()["state"]
        == "ended"
    )
    client.close()


def _call(edge: Edge, server: RunningServer, method: str, path: str) -> httpx.Response:
    return httpx.request(
        method,
        f"{edge.url}/api/v1/licenses/{path}",
        headers={"authorization": f"License {server.demo['license_key']}"},
        json={} if method == "PATCH" else None,
        verify=edge.trust(),
    )
