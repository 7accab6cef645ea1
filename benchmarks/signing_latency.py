"""How long does an acquire take when its signature comes from Cloud KMS, well or in trouble?

The server signs with a local Cloud KMS, a process of its own on the same cores. 1, 100 and 1,000
acquires are sent at once, those for ``license_data`` (direct: one KMS signature each) and those for
``license_token`` (delegated: none). The KMS is healthy, takes 100 ms longer, fails (UNAVAILABLE),
is out of quota (RESOURCE_EXHAUSTED), or hangs. In trouble the first acquires (three, or one burst)
meet a closed breaker, the later ones an open one. A no-op sent as often at once says what so many
requests cost alone. A refused acquire takes a seat and hands it back, which costs more than a
granted one: at 1,000 at once that is most of what the later ones wait for.
"""

import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from benchmarks import calls
from benchmarks.bursts import BurstJob, Reply
from benchmarks.figures import Answer, Row, Target, figure, percentile
from benchmarks.kms import RunningKms, running_kms
from benchmarks.machine import REPOSITORY
from benchmarks.prepared import prepare_ledger, server_environment
from benchmarks.rounds import Run
from benchmarks.scripts import Fresh, Repeat
from benchmarks.server import SETTINGS, MeasurementFailed, RunningServer, running_server
from local_kms.faults import Fault

AT_ONCE: Final = (1, 100, 1_000)
TROUBLE: Final[dict[str, Fault]] = {
    "slow": Fault(delay_seconds=0.1),
    "failing": Fault(code="UNAVAILABLE"),
    "out of quota": Fault(code="RESOURCE_EXHAUSTED"),
    "hanging": Fault(delay_seconds=3600),
}
_OUTCOMES: Final = {200: "granted", 201: "granted", 503: "refused (503)"}
_WORST_MS: Final = Target(at_most=1_000)
_CPU_US: Final = Target(at_most=100)
_IMMEDIATE_MS: Final = Target(at_most=10)
_OPENS_AFTER: Final = 3  # failures in a row: signing.rules.FAILURES_TO_OPEN
_BREAKER_LOOKS: Final = 200


class _Burst(Struct, frozen=True):
    """A kind of acquire, how often at once, and what became of it."""

    name: str
    replies: list[Reply]


def answer(run: Run) -> Answer:
    """Measure and return the answer."""
    folder = run.prepared.parent / "signing"
    (folder / "kms").mkdir(parents=True, mode=0o700)
    with running_kms(folder / "kms") as kms:
        ledger = prepare_ledger(folder / "data", kms.settings)
        with running_server(folder / "data", ledger, more=kms.settings) as server:
            rows = [_row(each) for each in _bursts(run, server, kms)]
    rows.append(Row("a lease token sealed", [figure("CPU", "µs", _seal_us(run), _CPU_US)]))
    return Answer(
        "signing_latency",
        "Acquires with the root key in Cloud KMS, many at once?",
        rows,
        ["server, KMS and the senders share the cores", "refused: 503, no seat taken"],
    )


def _bursts(run: Run, server: RunningServer, kms: RunningKms) -> Iterator[_Burst]:
    for at_once in AT_ONCE:
        for kind in ("no-op", "direct", "delegated"):
            yield _sent(run, server, f"healthy: {kind}", _job(run, server, kind, at_once))
        for trouble, fault in TROUBLE.items():
            kms.fail(fault)
            direct = _job(run, server, "direct", at_once)
            first = structs.replace(direct, seconds=60.0, most=math.ceil(_OPENS_AFTER / at_once))
            yield _sent(run, server, f"{trouble}: direct, at first", first)
            yield _sent(run, server, f"{trouble}: direct, later", direct)
            delegated = _job(run, server, "delegated", at_once)
            yield _sent(run, server, f"{trouble}: delegated", delegated)
            kms.heal()
            _wait_for_breaker(run, server)


def _sent(run: Run, server: RunningServer, name: str, job: BurstJob) -> _Burst:
    replies = server.burst(job)
    strange = {reply.status for reply in replies} - set(_OUTCOMES)
    if strange:
        raise MeasurementFailed(f"{name}: answers with status {strange}")
    run.say(f"{name}, {job.at_once:,} at once: {len(replies)} answers")
    return _Burst(f"{name}, {job.at_once:,} at once", replies)


def _job(run: Run, server: RunningServer, kind: str, at_once: int) -> BurstJob:
    return BurstJob(server.port, _script(server, kind), at_once, run.seconds)


def _script(server: RunningServer, kind: str) -> Repeat | Fresh:
    if kind == "no-op":
        return calls.NOOP
    proof = {"direct": "license_data", "delegated": "license_token"}[kind]
    return Fresh(calls.fresh_acquires(server.ledger, {"proofs": [proof]}))


def _row(burst: _Burst) -> Row:
    ordered = sorted(reply.milliseconds for reply in burst.replies)
    counted = Counter(_OUTCOMES[reply.status] for reply in burst.replies)
    limit = _WORST_MS if burst.name.startswith("hanging") else None
    soon = _IMMEDIATE_MS if burst.name == "hanging: direct, later, 1 at once" else None
    return Row(
        burst.name,
        [
            figure("p50", "ms", [percentile(ordered, 0.5)], soon),
            figure("p99", "ms", [percentile(ordered, 0.99)]),
            figure("worst", "ms", ordered[-1:], limit),
            *(figure(outcome, "answers", [counted[outcome]]) for outcome in sorted(counted)),
        ],
    )


def _wait_for_breaker(run: Run, server: RunningServer) -> None:
    """Ask until a direct acquire is granted: the next trouble shall find the breaker closed."""
    one = structs.replace(_job(run, server, "direct", 1), seconds=0.1)
    for _ in range(_BREAKER_LOOKS):
        if server.burst(one)[-1].status == 201:
            return
    raise MeasurementFailed("license_data is not signed again")


def _seal_us(run: Run) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.seal_loop", str(run.rounds)],
        env=server_environment(Path(run.prepared), SETTINGS),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=list[float])
