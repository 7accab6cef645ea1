"""``make observe``: a server with Debian's Prometheus beside it, which has the rules loaded.

Joins the server whose metrics answer on METRICS_PORT, or starts one as ``make run`` does. All of
it listens on 127.0.0.1; the series stay in .local/prometheus. Ctrl-C ends what was started, with 0.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

_REPOSITORY: Final = Path(__file__).resolve().parents[2]
_RULES: Final = _REPOSITORY / "kubernetes/monitoring/rules"
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 30
_NOT_INSTALLED: Final = """\
error: Prometheus is not installed here. On Debian and Ubuntu:
  apt-get install --no-install-recommends prometheus && systemctl disable --now prometheus
Elsewhere put `prometheus` on PATH (https://prometheus.io/download/); 2.42 was tried.
"""


class Failed(Exception):
    """What was to be started did not start; the message says which and why."""


@dataclass(frozen=True)
class Addresses:
    """The ports of 127.0.0.1 that are used, and where Prometheus keeps its series."""

    metrics_port: int
    prometheus_port: int
    folder: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read METRICS_PORT, PROMETHEUS_PORT and LICENSE_DATA_DIR. Raises Failed for no port."""
        folder = Path(environment.get("LICENSE_DATA_DIR", ".local"))
        return cls(
            _port(environment, "METRICS_PORT", 9464),
            _port(environment, "PROMETHEUS_PORT", 9090),
            folder.absolute() / "prometheus",
        )

    @property
    def metrics(self) -> str:
        """Where the server shows its metrics."""
        return f"http://127.0.0.1:{self.metrics_port}/metrics"

    @property
    def prometheus(self) -> str:
        """Where Prometheus shows its pages."""
        return f"http://127.0.0.1:{self.prometheus_port}"


def main() -> int:
    """Run until Ctrl-C, and return 0; 1 where something could not start."""
    program = shutil.which("prometheus")
    if program is None:
        sys.stderr.write(_NOT_INSTALLED)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as started:
            _observe(program, Addresses.of(os.environ), started)
    except Failed as failure:
        sys.stderr.write(f"error: {failure}\n")
        return 1
    except KeyboardInterrupt:
        pass
    sys.stdout.write("stopped\n")
    return 0


def configuration(addresses: Addresses) -> dict[str, Any]:
    """Return Prometheus' configuration: one server, every rule, a look each 5 seconds."""
    target = f"127.0.0.1:{addresses.metrics_port}"
    job = {"job_name": "license-api", "static_configs": [{"targets": [target]}]}
    return {
        "global": {"scrape_interval": "5s", "evaluation_interval": "5s"},
        "rule_files": [str(_RULES / "*.yaml")],
        "scrape_configs": [job],
    }


def _observe(program: str, addresses: Addresses, started: ExitStack) -> None:
    children = []
    if _answers(addresses.prometheus + "/-/ready"):
        raise Failed(f"port {addresses.prometheus_port} is taken: choose another PROMETHEUS_PORT")
    if _answers(addresses.metrics):
        _say(f"joining the server whose metrics are at {addresses.metrics}")
    else:
        children.append(_child(started, _server(), LICENSE_METRICS_PORT=addresses.metrics_port))
        _wait(lambda: _answers(addresses.metrics), children, "the server")
    children.append(_child(started, _prometheus(program, addresses)))
    _wait(lambda: _answers(addresses.prometheus + "/-/ready"), children, "Prometheus")
    _greet(addresses)
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
    raise Failed("a program that was started has ended; what it said is above")


def _greet(addresses: Addresses) -> None:
    groups = _asked(addresses.prometheus + "/api/v1/rules")["data"]["groups"]
    _say(f"\nPrometheus: {addresses.prometheus} (scrapes {addresses.metrics} every 5 s)")
    _say(f"Rules loaded: {sum(len(group['rules']) for group in groups)}")
    for group in sorted(groups, key=lambda one: str(one["name"])):
        kinds = [rule["name"] for rule in group["rules"] if rule["type"] == "alerting"]
        _say(f"  {group['name']}: {', '.join(kinds) or 'recordings'}")
    _say(f"Alerts: {addresses.prometheus}/alerts; Ctrl-C ends what was started here.")


def _server() -> list[str]:
    return [sys.executable, str(_REPOSITORY / "backend/manage.py"), "quickstart"]


def _prometheus(program: str, addresses: Addresses) -> list[str]:
    addresses.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = addresses.folder / "prometheus.yml"
    file.write_text(json.dumps(configuration(addresses), indent=2))  # JSON is YAML too
    return [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={addresses.folder / 'series'}",
        "--storage.tsdb.retention.time=8d",
        f"--web.listen-address=127.0.0.1:{addresses.prometheus_port}",
        "--log.level=warn",
    ]


def _child(started: ExitStack, command: list[str], **more: object) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own, so that Ctrl-C reaches it from here alone."""
    environment = {**os.environ, **{name: str(value) for name, value in more.items()}}
    child = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603  ours
    started.callback(_end, child)
    return child


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _wait(
    is_there: Callable[[], bool], children: list["subprocess.Popen[bytes]"], what: str
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_there():
        if any(child.poll() is not None for child in children):
            raise Failed(f"{what} did not start; what it said is above")
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not answer within {_START_SECONDS} s")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own loopback
        return json.load(answer)


def _port(environment: Mapping[str, str], name: str, usual: int) -> int:
    text = environment.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65_536):
        raise Failed(f"{name} is no port: {text!r}")
    return int(text)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
