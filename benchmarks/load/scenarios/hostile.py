"""A hostile client beside honest ones: bad keys, malformed, oversized and slow calls, floods."""

import random
import socket
from urllib.parse import urlsplit

from locust import between, constant, task

from benchmarks.load.clients import JOB, Client, Device

_ACQUIRE = "/api/v1/licenses/acquire/"
_NOBODY = "/api/v1/licenses/sessions/00000000-0000-4000-8000-000000000000/"
_SLOW_SECONDS = 0.2


class Honest(Device):
    """Holds a seat and beats every second or so."""

    fixed_count = max(1, JOB.clients // 2)
    wait_time = between(0.8, 1.2)

    def on_start(self) -> None:
        """Take a seat."""
        super().on_start()
        self.acquire()

    @task
    def beat(self) -> None:
        """Beat, or try again to get in."""
        if self.session:
            self.renew()
        else:
            self.acquire()


class Hostile(Client):
    """Does what it can, as fast as it is answered."""

    right = frozenset({400, 401, 404, 409, 413, 415, 429, 431, 503})
    wait_time = constant(0)

    @task(4)
    def guess(self) -> None:
        """Try license keys."""
        guess = "".join(random.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=26))
        self.ask("bad key", "POST", _ACQUIRE, authorization=f"License {guess}", json={})

    @task(2)
    def forge(self) -> None:
        """Show a bearer token that nobody signed."""
        self.ask("bad token", "GET", _NOBODY, authorization="Bearer e30.e30.e30")

    @task(2)
    def babble(self) -> None:
        """Send what is no JSON."""
        self.ask("malformed", "POST", _ACQUIRE, data=b'{"license_key": [')

    @task(1)
    def shout(self) -> None:
        """Send more than a body may have."""
        headers = {"content-type": "application/json"}
        self.ask("oversized", "POST", _ACQUIRE, data=b" " * 100_000, headers=headers)

    @task(4)
    def flood(self) -> None:
        """Ask for a session that nobody has."""
        self.ask("flood", "GET", _NOBODY)

    @task(1)
    def dawdle(self) -> None:
        """Send the beginning of a request, and then nothing for a while."""
        where = urlsplit(self.host or "")
        with socket.create_connection((where.hostname or "", where.port or 80), 5) as connection:
            connection.sendall(b"POST /api/v1/licenses/acquire/ HTTP/1.1\r\nHost: x\r\n")
            connection.settimeout(_SLOW_SECONDS)
            try:
                connection.recv(1)
            except OSError:
                return
