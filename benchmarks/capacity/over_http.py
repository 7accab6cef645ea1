"""What do two servers on one database carry, what do ten, and how soon does one see the other?

The product's servers, each with a load generator of its own; random leases of the fleet. Rows:

- *no-op*: ``GET /health/live/`` of both servers, the yardstick of the same round.
- *heartbeat*: closed loop, 24 connections to each server.
- *heartbeat, 128 connections*: the same with 64 to each, as more clients make larger batches.
- *heartbeat, 10,000 leases* and so on: on the smallest database, in turns with the largest.
- *growth*: the rate on the largest, of that on the smallest.
- *heartbeat, 10 servers*: the same with five connections to each of ten.
- *heartbeat at 1,000/s*: open loop, 500/s to each server; latency counts from when one was due.
- *release*: a seat of a full license is given back to one server while those 1,000/s go on; counted
  is the time from its answer until the other server has granted the seat.
"""

import itertools
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from typing import Final

from msgspec import Struct

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
_SESSIONS: Final = 100_000
"""More than all servers are asked for in a round: where there are so many, no lease beats twice."""

_CONNECTIONS: Final = 48
_BUSY_CONNECTIONS: Final = 128
_OPEN_CONNECTIONS: Final = 32
_RATE_OF_SERVER: Final = 500.0
_TARGETS: Final = {
    "rate": Target(at_least=6_000),
    "p99": Target(at_most=25),
    "seen, p99": Target(at_most=50),
}
_GROWTH: Final = Target(at_least=0.9)
_SHARES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}

_MANY: Final = f", {MANY_SERVERS} servers"
_CLOSED: Final = {"": _CONNECTIONS, f", {_BUSY_CONNECTIONS} connections": _BUSY_CONNECTIONS}

Both = list[Outcome]
"""What each server answered in one round."""


class _Served(Struct, frozen=True):
    """A loaded database and the servers on it."""

    site: Site
    servers: list[RunningServer]


def answer(sites: Sequence[Site], pace: Pace) -> Answer:
    """Measure and return the answer; the last site is the largest, and most rows are of it."""
    with ExitStack() as stack:
        served = [_Served(site, _started(stack, site, SERVERS)) for site in _ends(sites)]
        largest = served[-1]
        rows = [*_closed(served, pace), *_open(largest, pace)]
        largest.servers.extend(_started(stack, largest.site, MANY_SERVERS - SERVERS))
        beats = [_beat(largest, pace, _MANY, at) for at in range(pace.rounds)]
    rows.append(Row(f"heartbeat{_MANY}", _closed_figures(beats, "heartbeat", {})))
    return Answer("over_http", "Several servers on one database, over HTTP?", rows, [])


def _ends(sites: Sequence[Site]) -> Sequence[Site]:
    return sites if len(sites) == 1 else (sites[0], sites[-1])


def _started(stack: ExitStack, site: Site, number: int) -> list[RunningServer]:
    ledger = site.ledger.for_clients
    return [
        stack.enter_context(running_server(site.data_folder, ledger, database_url=site.url))
        for _ in range(number)
    ]


def _scripts(served: _Served) -> list[Repeat]:
    """Return what each server is sent, for leases that are drawn anew each time.

    As much of it for every size: what the load generators have in memory is not the database's.
    """
    site, servers = served.site, len(served.servers)
    bearer = site.ledger.for_clients.bearer
    drawn = Random().sample(range(site.leases), min(site.leases, _SESSIONS))
    many = itertools.islice(itertools.cycle(drawn), _SESSIONS)
    plain = [calls.heartbeat(session_of(one), bearer) for one in many if not has_instance(one)]
    return [Repeat(plain[at::servers]) for at in range(servers)]


def _beat(
    served: _Served, pace: Pace, row: str, number: int, connections: int = _CONNECTIONS
) -> Both:
    scripts = _scripts(served)
    both = _load(served.servers, scripts, pace.seconds, connections)
    pace.say(
        f"round {number + 1} of {pace.rounds}, over HTTP{row}, {served.site.leases:,} leases: "
        f"{_rate(both):,.0f}/s"
    )
    return both


def _closed(many: Sequence[_Served], pace: Pace) -> list[Row]:
    servers, largest = many[-1].servers, many[-1].site.leases
    noops: list[Both] = []
    beats: dict[tuple[str, int], list[Both]] = {}
    for number in range(pace.rounds):
        noops.append(_load(servers, [calls.NOOP] * len(servers), pace.seconds))
        for row, connections in _CLOSED.items():
            for served in many:
                both = _beat(served, pace, row, number, connections)
                beats.setdefault((row, served.site.leases), []).append(both)
    rows = [Row("no-op", _closed_figures(noops, "request", {}))]
    for (row, leases), rounds in beats.items():
        size, targets = ("", _TARGETS) if leases == largest else (f", {leases:,} leases", {})
        rows.append(Row(f"heartbeat{row}{size}", _closed_figures(rounds, "heartbeat", targets)))
    if len(many) > 1:
        rows += [_growth(beats, row, many[0].site.leases, largest) for row in _CLOSED]
    return rows


def _growth(
    beats: Mapping[tuple[str, int], Sequence[Both]], row: str, smallest: int, largest: int
) -> Row:
    in_turns = zip(beats[row, largest], beats[row, smallest], strict=True)
    shares = [_rate(big) / _rate(little) for big, little in in_turns]
    name = f"rate at {largest:,} of {smallest:,}"
    return Row(f"growth{row}", [figure(name, "ratio", shares, _GROWTH)])


def _open(served: _Served, pace: Pace) -> tuple[Row, Row]:
    servers = served.servers
    handovers = Handovers(served.site, servers)
    rounds: list[Both] = []
    for number in range(pace.rounds):
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            going_on = pool.submit(handovers.go_on, over)
            scripts = _scripts(served)
            rounds.append(
                _load(servers, scripts, pace.seconds, _OPEN_CONNECTIONS * SERVERS, _RATE_OF_SERVER)
            )
            over.set()
            going_on.result()
        pace.say(
            f"round {number + 1} of {pace.rounds}, over HTTP at {SERVERS * _RATE_OF_SERVER:,.0f}/s"
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
