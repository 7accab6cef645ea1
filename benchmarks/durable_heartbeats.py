"""How many heartbeats a second does one server make durable?

SQLite with ``synchronous=FULL``: an answer of 200 is on disk. Closed loop, 48 connections, 2,000
sessions on 20 licenses. The rows differ in what the client sends:

- *bearer*: a person's or workload's token, no body. The targets are for this row.
- *license key*: the key as the credential, which the ledger looks up each time.
- *instance*: bearer and ``{"instance_id"}``, as the SDK sends it.
- *instance and proof*: also a nonce, so that each answer carries a freshly signed token; the SDK
  asks for one about every second time.
"""

from typing import Final

from benchmarks import calls
from benchmarks.figures import Answer, Target
from benchmarks.rounds import NOOP_ROW, Run, alternate, throughput_row
from benchmarks.scripts import Repeat
from benchmarks.server import Held, RunningServer, running_server
from coditect_license_token import Roots, open_delegation

SEATS: Final = 2_000
_INSTANCE: Final = "instance-0123456789abcdef"
_NONCE: Final = "0123456789abcdefghijklmnopqrstuv"
_TARGETS: Final = {
    "rate": Target(at_least=6_000, aim=9_000),
    "of the no-op": Target(at_least=0.35),
    "server CPU": Target(at_most=130),
}


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    with running_server(run.prepared, run.ledger) as server:
        scripts = heartbeat_scripts(server)
        outcomes = alternate(run, server, scripts)
    rows = [throughput_row(NOOP_ROW, outcomes, unit="requests")]
    for name in scripts:
        targets = _TARGETS if name == "bearer" else None
        rows.append(throughput_row(name, outcomes, unit="heartbeats", targets=targets))
    return Answer("durable_heartbeats", "Heartbeats made durable each second?", rows, [])


def heartbeat_scripts(server: RunningServer) -> dict[str, Repeat]:
    """Return the rows of this question over seats that are taken here."""
    plain = server.hold_seats("plain", seats=SEATS)
    named = server.hold_seats("named", seats=SEATS, instance_id=_INSTANCE)
    bearer = server.ledger.bearer
    instance: dict[str, object] = {"instance_id": _INSTANCE}
    proof = {**instance, "nonce": _NONCE, "known_kid": _known_kid(server)}
    return {
        "bearer": bearer_heartbeats(server, plain),
        "license key": Repeat(
            [calls.heartbeat(held.session_id, f"License {held.license_key}") for held in plain]
        ),
        "instance": Repeat([calls.heartbeat(held.session_id, bearer, instance) for held in named]),
        "instance and proof": Repeat(
            [calls.heartbeat(held.session_id, bearer, proof) for held in named]
        ),
    }


def bearer_heartbeats(server: RunningServer, held_seats: list[Held]) -> Repeat:
    """Return heartbeats without a body under the bearer token."""
    return Repeat([calls.heartbeat(held.session_id, server.ledger.bearer) for held in held_seats])


def _known_kid(server: RunningServer) -> str:
    """Return the id of the key that signs tokens now; naming it leaves the delegation out."""
    ledger = server.ledger
    (answer,) = server.ask([calls.acquire(ledger, ledger.license_keys[0], "asks-for-the-key")])
    roots = Roots.from_pem(ledger.root_pem.encode())
    return open_delegation(answer["delegation"], roots=roots, now=None).key.key_id
