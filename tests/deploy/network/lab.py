"""A network of real hosts with a router between them that enforces policies.

Each host is a process in a network namespace of its own (agent.py), with a cable to the router's.
However a test ends, nothing is left of them: the namespaces have no names and go with their
processes. One network serves all policies: only the router's table is exchanged.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

import pytest
from deploy.network.hosts import Host
from deploy.network.policies import Policy, ruleset

TCP: Final = (22, 53, 80, 443, 987, 988, 5432, 6378, 6379, 8000, 8080, 9464)
UDP: Final = (53, 443)
_AGENT: Final = Path(__file__).with_name("agent.py")
_GATEWAY: Final = "169.254.1.1"
_SECONDS: Final = 120

Way = tuple[str, str, str, int]
"""From whom to whom, by their names, ``tcp`` or ``udp``, and the port."""


@cache
def why_no_lab() -> str:
    """Return why there can be none on this machine, or nothing."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "NOT ROOT ON LINUX: policies are not tried between real hosts"
    for program, package in (("nft", "nftables"), ("ip", "iproute2"), ("nsenter", "util-linux")):
        if shutil.which(program) is None:
            return (
                f"NO {program} ON THIS MACHINE (apt-get install {package}): policies are not tried"
            )
    try:
        with Agent("nobody") as agent:
            agent.ask(router=True)
            _inside(agent.pid, "nft", "list", "ruleset")
    except (OSError, subprocess.CalledProcessError, Ended) as error:
        return f"NETWORK NAMESPACES CANNOT BE USED HERE: policies are not tried ({error})"
    return ""


class Ended(Exception):
    """An agent ended before it answered; the message is what it said of it."""


class Agent:
    """The process of one host. A context manager that ends it, and its network with it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_AGENT)],
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            self.pid: int = self._read()["pid"]
        except Ended:
            self.__exit__()
            raise

    def tell(self, **deed: Any) -> None:
        """Ask for something without waiting for it; ``read`` has the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(deed) + "\n")
        self._process.stdin.flush()

    def ask(self, **deed: Any) -> Any:
        """Ask for something and return the answer."""
        self.tell(**deed)
        return self._read()

    def read(self) -> Any:
        """Return the answer to what was told."""
        return self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()  # it ends when nobody can ask any more
        try:
            self._process.wait(_SECONDS)
        finally:
            self._process.kill()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise Ended(f"{self._name}: {self._process.stderr.read()[-1000:]}")
        return json.loads(line)


class Lab:
    """Hosts that reach each other through a router, and what policies leave of that."""

    def __init__(self, hosts: Sequence[Host], agents: Mapping[str, Agent], router: Agent) -> None:
        self._addresses = {host.name: host.address for host in hosts}
        self._agents = agents
        self._router = router

    def enforce(self, policies: Sequence[Policy], hosts: Sequence[Host]) -> None:
        """Forward what these policies allow, and nothing of what others allowed before.

        The hosts are those of the lab, with the namespaces and labels they have this time.
        """
        assert {host.name: host.address for host in hosts}.items() <= self._addresses.items()
        text = f"flush ruleset\n{ruleset(policies, hosts)}"
        _inside(self._router.pid, "nft", "-f", "-", said=text)

    def open_ways(self, ways: Iterable[Way]) -> set[Way]:
        """Try each way with a socket; return those that are open.

        Raises AssertionError for one that was neither answered nor refused by the router.
        """
        by_source: dict[str, list[Way]] = {}
        for way in ways:
            by_source.setdefault(way[0], []).append(way)
        for source, chosen in by_source.items():
            tried = [(self._addresses[to], kind, port) for _, to, kind, port in chosen]
            self._agents[source].tell(**{"try": tried})
        found = {
            way: answer
            for source, chosen in by_source.items()
            for way, answer in zip(chosen, self._agents[source].read(), strict=True)
        }
        odd = {way: answer for way, answer in found.items() if answer not in {"open", "shut"}}
        assert odd == {}, "neither answered nor refused"
        return {way for way, answer in found.items() if answer == "open"}


@contextmanager
def lab(hosts: Sequence[Host]) -> Iterator[Lab]:
    """Put hosts and a router together; skip, loudly, where that cannot be."""
    if reason := why_no_lab():
        pytest.skip(reason)
    with ExitStack() as running:
        router = running.enter_context(Agent("router"))
        agents = {host.name: running.enter_context(Agent(host.name)) for host in hosts}
        _connect(router, [(host, agents[host.name]) for host in hosts])
        router.ask(router=True)
        for agent in agents.values():
            agent.ask(listen={"tcp": TCP, "udp": UDP})
        yield Lab(hosts, agents, router)


def _connect(router: Agent, ends: Sequence[tuple[Host, Agent]]) -> None:
    """Lay the cables. All hosts see one gateway, which is the router's end of each cable."""
    cables = [
        f"link add to{number} netns {router.pid} type veth peer name eth0 netns {agent.pid}"
        for number, (_, agent) in enumerate(ends)
    ]
    _batch(cables)
    there = [
        line
        for number, (host, _) in enumerate(ends)
        for line in (
            f"link set to{number} up",
            f"addr add {_GATEWAY}/32 dev to{number}",
            f"route add {host.address}/32 dev to{number}",
        )
    ]
    _batch(there, router.pid)
    for host, agent in ends:
        here = ["link set lo up", "link set eth0 up", f"addr add {host.address}/32 dev eth0"]
        ways = [f"route add {_GATEWAY}/32 dev eth0", f"route add default via {_GATEWAY}"]
        _batch([*here, *ways], agent.pid)


def _batch(lines: Sequence[str], pid: int | None = None) -> None:
    words = ("ip", "-batch", "-")
    said = "\n".join(lines) + "\n"
    if pid is None:
        _run(*words, said=said)
    else:
        _inside(pid, *words, said=said)


def _inside(pid: int, *words: str, said: str = "") -> None:
    _run("nsenter", f"--net=/proc/{pid}/ns/net", *words, said=said)


def _run(*words: str, said: str) -> None:
    ended = subprocess.run(
        words, input=said, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert ended.returncode == 0, f"{words}: {ended.stderr}"
