"""What do two servers on one database carry, what do ten, and how soon does one see the other?

The product's servers, each with a load generator of its own; random leases of the fleet. Rows:

- *no-op*: ``GET /health/live/`` of both servers, the yardstick of the same round.
- *heartbeat*: closed loop, 24 connections to each server.
- *heartbeat, 128 connections*: the same with 64 to each, as more clients make larger batches.
- *heartbeat, 10 servers*: the same with five connections to each of ten.
- *heartbeat at 1,000/s*: open loop, 500/s to each server; latency counts from when one was due.
- *release*: a seat of a full license is given back to one server while those 1,000/s go on; counted
  is the time from its answer until the other server has granted the seat.
"""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from typing import Final

from msgspec import structs

from benchmarks import calls
from benchmarks.capacity.fleet import has_instance, session_of
from benchmarks.capacity.handover import Handovers
from benchmarks.capacity.heartbeats import Pace
from benchmarks.capacity.prepared import Site
from benchmarks.figures import Answer, Figure, Row, Target, figure, percentile
from benchmarks.generator import Job
from benchmarks.meter import Outcome
from benchmarks.rounds import rate
from benchmarks.scripts import Repeat
from benchmarks.server import RunningServer, running_server

SERVERS: Final = 2
MANY_SERVERS: Final = 10
_SESSIONS_OF_SERVER: Final = 5_000
_CONNECTIONS: Final = 48
_BUSY_CONNECTIONS: Final = 128
_OPEN_CONNECTIONS: Final = 32
_RATE_OF_SERVER: Final = 500.0
_TARGETS: Final = {
    "rate": Target(at_least=6_000),
    "p99": Target(at_most=25),
    "seen, p99": Target(at_most=50),
}
_SHARES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}

_BUSY: Final = f"heartbeat, {_BUSY_CONNECTIONS} connections"
_MANY: Final = f"heartbeat, {MANY_SERVERS} servers"

Both = list[Outcome]
"""What each server answered in one round."""


def answer(site: Site, pace: Pace) -> Answer:
    """Measure and return the answer."""
    with ExitStack() as stack:
        servers = _started(stack, site, SERVERS)
        rows = [*_closed(servers, site, pace), *_open(site, servers, pace)]
        servers += _started(stack, site, MANY_SERVERS - SERVERS)
        beats = _beats(servers, site, pace, _MANY)
    rows.append(Row(_MANY, _closed_figures(beats, "heartbeat", {})))
    return Answer("over_http", "Several servers on one database, over HTTP?", rows, [])


def _started(stack: ExitStack, site: Site, number: int) -> list[RunningServer]:
    ledger = site.ledger.for_clients
    return [
        stack.enter_context(running_server(site.data_folder, ledger, database_url=site.url))
        for _ in range(number)
    ]


def _scripts(site: Site, servers: int) -> list[Repeat]:
    bearer = site.ledger.for_clients.bearer
    wanted = min(site.leases, 2 * servers * _SESSIONS_OF_SERVER)
    drawn = Random(1).sample(range(site.leases), wanted)
    plain = [number for number in drawn if not has_instance(number)]
    return [
        Repeat([calls.heartbeat(session_of(number), bearer) for number in share])
        for share in (plain[at::servers][:_SESSIONS_OF_SERVER] for at in range(servers))
    ]


def _beats(
    servers: Sequence[RunningServer],
    site: Site,
    pace: Pace,
    row: str,
    connections: int = _CONNECTIONS,
) -> list[Both]:
    scripts = _scripts(site, len(servers))
    rounds: list[Both] = []
    for number in range(1, pace.rounds + 1):
        rounds.append(_load(servers, scripts, pace.seconds, connections))
        pace.say(f"round {number} of {pace.rounds}, {row} over HTTP: {_rate(rounds[-1]):,.0f}/s")
    return rounds


def _closed(servers: Sequence[RunningServer], site: Site, pace: Pace) -> tuple[Row, ...]:
    one_round = structs.replace(pace, rounds=1)
    noops: list[Both] = []
    beats: list[Both] = []
    busy: list[Both] = []
    for _ in range(pace.rounds):
        noops.append(_load(servers, [calls.NOOP] * len(servers), pace.seconds))
        beats += _beats(servers, site, one_round, "heartbeat")
        busy += _beats(servers, site, one_round, _BUSY, _BUSY_CONNECTIONS)
    return (
        Row("no-op", _closed_figures(noops, "request", {})),
        Row("heartbeat", _closed_figures(beats, "heartbeat", _TARGETS)),
        Row(_BUSY, _closed_figures(busy, "heartbeat", _TARGETS)),
    )


def _open(site: Site, servers: Sequence[RunningServer], pace: Pace) -> tuple[Row, Row]:
    handovers = Handovers(site, servers)
    rounds: list[Both] = []
    for number in range(1, pace.rounds + 1):
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            going_on = pool.submit(handovers.go_on, over)
            scripts = _scripts(site, len(servers))
            rounds.append(
                _load(servers, scripts, pace.seconds, _OPEN_CONNECTIONS * SERVERS, _RATE_OF_SERVER)
            )
            over.set()
            going_on.result()
        pace.say(
            f"round {number} of {pace.rounds}, over HTTP at {SERVERS * _RATE_OF_SERVER:,.0f}/s"
        )
    latencies = [sorted(ms for one in both for ms in one.latencies_ms) for both in rounds]
    waits = sorted(handovers.waits_ms)
    return (
        Row(f"heartbeat at {SERVERS * _RATE_OF_SERVER:,.0f}/s", _latency_figures(latencies)),
        Row("release", [
            figure(f"seen, {name}", "ms", [percentile(waits, share)], _TARGETS.get(f"seen, {name}"))
            for name, share in _SHARES.items()
        ]),
    )  # fmt: skip


def _load(
    servers: Sequence[RunningServer],
    scripts: Sequence[Repeat],
    seconds: float,
    connections: int = _CONNECTIONS,
    rate_per_second: float | None = None,
) -> Both:
    jobs = [
        Job(
            port=server.port,
            server_pid=server.pid,
            script=script,
            seconds=seconds,
            connections=-(-connections // len(servers)),
            rate_per_second=rate_per_second,
        )
        for server, script in zip(servers, scripts, strict=True)
    ]
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(RunningServer.load, servers, jobs))


def _rate(both: Both) -> float:
    return sum(rate(one) for one in both)


def _closed_figures(
    rounds: Sequence[Both], thing: str, targets: Mapping[str, Target]
) -> list[Figure]:
    cpu = [
        1e6 * sum(one.server_seconds for one in both) / (_rate(both) * both[0].seconds)
        for both in rounds
    ]
    return [
        figure("rate", f"{thing}s/s", [_rate(both) for both in rounds], targets.get("rate")),
        figure("server CPU", f"µs/{thing}", cpu),
    ]


def _latency_figures(latencies: Sequence[Sequence[float]]) -> list[Figure]:
    return [
        figure(name, "ms", [percentile(one, share) for one in latencies], _TARGETS.get(name))
        for name, share in _SHARES.items()
    ]
