"""``make edge`` as a process before a server, and calls that go through it."""

import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from deploy.traffic.calls import Call
from support.server import REPOSITORY, UNHURRIED, give_root_key

from tests.support.ports import free_port
from tests.support.waiting import until

_READY: Final = "Ctrl-C ends what was started here."
_START_SECONDS: Final = 120
_STOP_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 30
_NEEDED: Final = (
    Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"),
    Path("/usr/share/modsecurity-crs/rules"),
)


@dataclass(frozen=True)
class Answer:
    """What a caller gets; ``request_id`` is what was sent."""

    request_id: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The problem document. Raises AssertionError where it is none."""
        assert self.headers["content-type"] == "application/problem+json", self.body[:200]
        read: dict[str, Any] = json.loads(self.body)
        return read


class Edge:
    """One that runs. ``output`` is what it, nginx and a server of its own said."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *words: str) -> None:
        self.folder = folder / "edge"
        self.port = int(environment["EDGE_PORT"])
        self.output: list[str] = []
        self._ready = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scripts.edge", *words],
            cwd=REPOSITORY,
            env={**environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.folder / "tls/certificate.pem"

    @property
    def said(self) -> str:
        return "".join(self.output)

    def wait_until_ready(self) -> None:
        self._ready.wait(_START_SECONDS)
        assert self.process.poll() is None, self.said
        assert _READY in self.said, self.said

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send what Ctrl-C sends, and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(_STOP_SECONDS)
        self._reader.join(_STOP_SECONDS)
        return status

    def trust(self) -> ssl.SSLContext:
        """Return what believes the edge's certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def send(self, call: Call, *, source: str = "127.0.0.1") -> Answer:
        """Send a call as it is, from an address of 127.0.0.0/8, and return the answer."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1",
            self.port,
            timeout=_PATIENCE_SECONDS,
            context=self.trust(),
            source_address=(source, 0),
        )
        try:
            return exchanged(connection, call)
        finally:
            connection.close()

    def lines_of(self, *answers: Answer) -> list[dict[str, str]]:
        """Return the access log's lines about answers, which come after them."""
        lines: dict[str, dict[str, str]] = {}

        def are_written() -> bool:
            lines.update((line["request_id"], line) for line in self._log())
            return all(answer.request_id in lines for answer in answers)

        until(are_written, seconds=_PATIENCE_SECONDS, failure="no line about an answer")
        return [lines[answer.request_id] for answer in answers]

    def _log(self) -> list[dict[str, str]]:
        text = (self.folder / "logs/access.log").read_text()
        whole = text[: text.rfind("\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def logs(self) -> dict[str, str]:
        """Return every log's text by its name."""
        return {file.name: file.read_text() for file in (self.folder / "logs").iterdir()}

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if _READY in line:
                    self._ready.set()
        self._ready.set()


def exchanged(connection: http.client.HTTPConnection, call: Call) -> Answer:
    """Send a call over a connection and return the answer."""
    connection.putrequest(call.method, call.target, skip_host=True, skip_accept_encoding=True)
    sent = {"x-request-id": str(uuid4()), **call.sent_headers}
    for name, text in sent.items():
        connection.putheader(name, text)
    connection.endheaders(call.body or None)
    with connection.getresponse() as answer:
        headers = {name.lower(): text for name, text in answer.getheaders()}
        return Answer(sent["x-request-id"], answer.status, headers, answer.read())


@contextmanager
def edge_before(folder: Path, server_port: int, *words: str) -> Iterator[Edge]:
    """Run an edge before a server; skip the test where Debian's packages are missing."""
    skip_without_packages()
    edge = Edge(folder, surroundings(folder, server_port), *words)
    try:
        edge.wait_until_ready()
        yield edge
    finally:
        edge.interrupt()


def skip_without_packages() -> None:
    """Skip the test where there is no nginx with ModSecurity and its rules."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None or not all(path.exists() for path in _NEEDED):
        pytest.skip(
            "NO nginx WITH ModSecurity AND ITS RULES ON THIS MACHINE: the edge is not tried"
        )


def surroundings(folder: Path, server_port: int) -> dict[str, str]:
    """Return the environment of an edge on a free port."""
    folder.mkdir(mode=0o700, exist_ok=True)
    give_root_key(folder)
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("LICENSE_")}
    return {
        **inherited,
        **UNHURRIED,
        "LICENSE_PROFILE": "embedded",
        "LICENSE_DATA_DIR": str(folder),
        "PORT": str(server_port),
        "EDGE_PORT": str(free_port()),
    }
