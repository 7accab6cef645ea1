"""``python -m benchmarks.load``: run scenarios, say what they came to, keep a report of each.

Needs Locust: ``make load`` installs it. Everything is on this machine and over the loopback; each
scenario has a server of its own, which ends with it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks import calls
from benchmarks.figures import Answer, Row, figure
from benchmarks.generator import Job as GeneratorJob
from benchmarks.kms import running_kms
from benchmarks.load import judging
from benchmarks.load.exposition import histogram
from benchmarks.load.flood import FloodJob
from benchmarks.load.samples import JOB, Job, Samples
from benchmarks.machine import REPOSITORY, describe_machine, describe_software
from benchmarks.prepared import SEATS_OF_LICENSE, Ledger, prepare_ledger
from benchmarks.report import Report, keep, print_table, say, status_of
from benchmarks.server import MeasurementFailed, RunningServer, free_port, running_server

_REPORTS: Final = REPOSITORY / ".local/load"
_GRACE_SECONDS: Final = 90
_TTL_SECONDS: Final = 360
_NOOP_SECONDS: Final = 2.0
_UNHURRIED: Final = {
    "LICENSE_API_CALLS_PER_MINUTE": "0",
    "LICENSE_API_TENANT_CALLS_PER_MINUTE": "0",
}
"""One member stands for many, and so does one license: only what is shed may be refused."""

_PATHS: Final = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "backend")])


class Size(Struct, frozen=True):
    """How large a scenario is: ``clients`` at most at a time, ``seconds`` of it."""

    clients: int
    seconds: float
    smoke_clients: int = 10
    smoke_seconds: float = 3.0


SCENARIOS: Final[dict[str, Size]] = {
    "acquisitions": Size(100, 10),
    "storm": Size(300, 16),
    "steady": Size(200, 12),
    "herd": Size(200, 16),
    "hostile": Size(40, 14),
    "overload": Size(100, 36),
}
SMOKE: Final = ("steady", "hostile")


class Bench(Struct, frozen=True):
    """What all scenarios of a run have in common."""

    folder: Path
    reports: Path
    is_smoke: bool

    def size(self, name: str) -> tuple[int, float]:
        """Return how many clients a scenario has, and for how long."""
        size = SCENARIOS[name]
        if self.is_smoke:
            return size.smoke_clients, size.smoke_seconds
        return size.clients, size.seconds


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; return 1 when a limit was passed, 2 when something did not run."""
    wanted = _parser().parse_args(arguments)
    names: list[str] = wanted.only or [*(SMOKE if wanted.smoke else SCENARIOS)]
    began_at = datetime.now(UTC)
    reports = wanted.reports / began_at.strftime("%Y%m%dT%H%M%SZ")
    reports.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="load-", dir=wanted.directory) as directory:
        machine = describe_machine(Path(directory))
        bench = Bench(Path(directory), reports, wanted.smoke)
        answers, failures = _run_all(names, bench)
    report = Report(
        began_at=began_at.isoformat(timespec="seconds"),
        seconds_per_round=sum(bench.size(name)[1] for name in names),
        rounds=1,
        machine=machine,
        software=describe_software(),
        answers=answers,
        failures=failures,
    )
    print_table(answers)
    print(f"\nkept in {keep(report, wanted.results or reports)}; a page for each in {reports}")
    return status_of(report, enforce=True)


def _run_all(names: list[str], bench: Bench) -> tuple[list[Answer], list[str]]:
    say("preparing a data folder with its RSA-4096 root key")
    prepared = bench.folder / "prepared"
    ledger = prepare_ledger(prepared)
    answers, failures = [], []
    for name in names:
        say(f"{name}: {bench.size(name)[0]} clients, {bench.size(name)[1]:.0f} s")
        try:
            if name == "acquisitions":
                answers.append(_acquisitions(bench))
            else:
                with running_server(prepared, ledger, more=_UNHURRIED) as server:
                    answers.append(_scenario(name, bench, server))
        except (MeasurementFailed, subprocess.SubprocessError) as error:
            failures.append(f"{name}: {error}")
    return answers, failures


def _scenario(name: str, bench: Bench, server: RunningServer) -> Answer:
    noop = _noop(server)
    with ThreadPoolExecutor(1) as beside:
        also = beside.submit(_BESIDE.get(name, _nothing), server, bench.size(name)[1])
        samples = _locust(name, bench, server)
        seen = also.result()
    samples.calls += seen.calls
    samples.marks.update(seen.marks)
    answer = judging.JUDGES[name](samples)
    return Answer(answer.question, answer.asks, [noop, *answer.rows], answer.remarks)


def _acquisitions(bench: Bench) -> Answer:
    folder = bench.folder / "signing"
    (folder / "kms").mkdir(parents=True, mode=0o700)
    with ExitStack() as stack:
        kms = stack.enter_context(running_kms(folder / "kms"))
        ledger = prepare_ledger(folder / "prepared", kms.settings)
        port = free_port()
        more = {**_UNHURRIED, **kms.settings, "LICENSE_METRICS_PORT": str(port)}
        server = stack.enter_context(running_server(folder / "prepared", ledger, more=more))
        noop = _noop(server)
        samples = _locust("acquisitions", bench, server)
        signed = histogram(f"http://127.0.0.1:{port}/metrics", "kms_sign_seconds")
    answer = judging.acquisitions(samples, signed)
    return Answer(answer.question, answer.asks, [noop, *answer.rows], answer.remarks)


def _noop(server: RunningServer) -> Row:
    """Return the no-op rate of the same server: what to read the others by."""
    job = GeneratorJob(server.port, server.pid, calls.NOOP, _NOOP_SECONDS)
    outcome = server.load(job)
    return Row(
        "no-op", [figure("rate", "calls/s", [sum(outcome.answers.values()) / outcome.seconds])]
    )


def _locust(name: str, bench: Bench, server: RunningServer) -> Samples:
    clients, seconds = bench.size(name)
    kept, told = bench.folder / f"{name}.json", bench.folder / f"{name}-job.json"
    told.write_bytes(msgspec.json.encode(_job(server.ledger, clients, seconds, kept)))
    command = [
        *(sys.executable, "-m", "locust", "--headless", "--only-summary"),
        *("-f", str(REPOSITORY / f"benchmarks/load/scenarios/{name}.py")),
        *("--host", f"http://127.0.0.1:{server.port}", "--run-time", f"{seconds:.0f}s"),
        *("--users", str(clients), "--spawn-rate", str(_spawn_rate(name, clients, seconds))),
        *("--html", str(bench.reports / f"{name}.html"), "--loglevel", "WARNING"),
    ]
    with (bench.reports / f"{name}.log").open("wb") as log:
        status = subprocess.run(
            command,
            env=_environment(told),
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=seconds + _GRACE_SECONDS,
            check=False,
        ).returncode
    if status != 0 or not kept.exists():
        raise MeasurementFailed(f"Locust ended with status {status}; see {log.name}")
    return msgspec.json.decode(kept.read_bytes(), type=Samples)


def _nothing(_server: RunningServer, _seconds: float) -> Samples:
    return Samples()


def _kill_and_start(server: RunningServer, seconds: float) -> Samples:
    seen = Samples()
    time.sleep(seconds / 3)
    seen.mark("killed")
    server.kill()
    server.start_again()
    seen.mark("back")
    return seen


def _flood(server: RunningServer, seconds: float) -> Samples:
    job = FloodJob(server.port, server.ledger, seconds / 6, seconds / 6, seconds * 0.4)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load.flood"],
        input=msgspec.json.encode(job),
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": _PATHS},
        timeout=seconds + _GRACE_SECONDS,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Samples)


_BESIDE: Final = {"herd": _kill_and_start, "overload": _flood}
"""What happens beside a scenario's clients."""


def _spawn_rate(name: str, clients: int, seconds: float) -> int:
    """Return how many come a second: a log-on takes half of the time, all others come at once."""
    return max(1, round(clients / (seconds / 2))) if name == "storm" else clients


def _job(ledger: Ledger, clients: int, seconds: float, kept: Path) -> Job:
    return Job(
        license_key=ledger.license_keys[0],
        token=ledger.token,
        seats=SEATS_OF_LICENSE,
        ttl_seconds=_TTL_SECONDS,
        clients=clients,
        seconds=seconds,
        keep=str(kept),
    )


def _environment(told: Path) -> Mapping[str, str]:
    paths = os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "backend")])
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": paths,
        JOB: str(told),
        "HOME": str(told.parent),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description="Run scenarios of load against servers of their own; status 1 past a limit.",
    )
    parser.add_argument(
        "--only", action="append", choices=list(SCENARIOS), help="this one; may be repeated"
    )
    parser.add_argument(
        "--smoke", action="store_true", help=f"seconds of {' and '.join(SMOKE)}, with few clients"
    )
    parser.add_argument("--directory", help="where data folders are made; must be on a disk")
    parser.add_argument("--reports", type=Path, default=_REPORTS, help="where pages are written")
    parser.add_argument("--results", type=Path, help="where the JSON is kept (beside the pages)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
