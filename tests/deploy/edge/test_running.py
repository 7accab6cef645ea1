"""``make edge`` starts what is missing, says what is wrong, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from deploy.edge.edges import Edge, edge_before, skip_without_packages, surroundings
from deploy.traffic.calls import Call
from support.server import REPOSITORY, RunningServer

from tests.support.ports import free_port


def run(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run it where it is not expected to stay."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.edge", *words],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_silent(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_a_server_where_there_is_none_and_ends_it_too(
    tmp_path: Path, number: signal.Signals
) -> None:
    skip_without_packages()
    environment = surroundings(tmp_path, free_port())
    edge = Edge(tmp_path, environment)
    edge.wait_until_ready()
    assert edge.send(Call(name="x", target="/health")).status == 200

    assert edge.interrupt(number) == 0

    assert edge.output[-1] == "stopped\n"
    assert is_silent(edge.port)
    assert is_silent(int(environment["PORT"]))


def test_a_running_server_is_joined_and_left_alone(
    trusting_server: RunningServer, tmp_path: Path
) -> None:
    with edge_before(tmp_path, trusting_server.port) as edge:
        assert "joining the server" in edge.said
        assert edge.interrupt() == 0

    assert is_silent(edge.port)
    assert not is_silent(trusting_server.port)


def test_a_port_that_is_taken_is_said(edge: Edge, tmp_path: Path) -> None:
    environment = {**surroundings(tmp_path, free_port()), "EDGE_PORT": str(edge.port)}

    ended = run(environment)

    assert ended.returncode == 1
    assert f"127.0.0.1:{edge.port} is taken: choose another EDGE_PORT" in ended.stderr


def test_without_nginx_it_says_how_to_get_it(tmp_path: Path) -> None:
    script = (
        "import sys; from scripts.edge.packages import Packages, NotInstalled\n"
        "try: Packages.found(search=sys.argv[1])\n"
        "except NotInstalled as missing: sys.exit(str(missing))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: nginx is not installed here.")
    assert "apt-get install" in ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tls", "1.1"), "tls must be one of 1.3, 1.2"),
        (("--waf", "maybe"), "waf must be one of on, watch, off"),
        (("--denied-countries", "KP"), "countries need a database of addresses"),
        (("--seats", "0"), "must be 1 or more"),
        (("--certificate", "/nowhere.pem"), "go together"),
        (("--countries-file", "/nowhere.mmdb"), "is no file"),
    ],
)
def test_a_wish_that_cannot_be_fulfilled_is_said(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    ended = run(surroundings(tmp_path, free_port()), *words)

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert said in ended.stderr


def test_it_says_what_it_takes() -> None:
    ended = run(dict(os.environ), "--help")

    assert ended.returncode == 0
    for word in ("--tls", "--waf", "--seats", "--countries-file", "--closed", "EDGE_PORT", "write"):
        assert word in ended.stdout


def test_files_for_a_host_are_written_and_tried(edge: Edge, tmp_path: Path) -> None:
    words = ["--into", tmp_path / "etc", "--logs", tmp_path / "log", "--user", "www-data"]
    words += ["--server-name", "licenses.example", "--listen", f"127.0.0.1:{free_port()}"]
    words += ["--certificate", edge.certificate]
    words += ["--certificate-key", edge.certificate.with_name("key.pem")]

    ended = run(dict(os.environ), "write", *map(str, words))

    assert ended.returncode == 0, ended.stderr
    written = (tmp_path / "etc/nginx.conf").read_text()
    assert "server_name licenses.example;" in written
    assert "ssl_protocols TLSv1.3;" in written
    assert "@" not in "".join(line for line in written.splitlines() if "@problem" not in line)


def test_a_host_needs_a_certificate_of_its_own(tmp_path: Path) -> None:
    ended = run(dict(os.environ), "write", "--into", str(tmp_path), "--server-name", "x.example")

    assert ended.returncode == 1
    assert "a host needs its own --certificate" in ended.stderr
