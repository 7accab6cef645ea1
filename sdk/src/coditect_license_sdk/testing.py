"""For the tests of programs that use this package: a whole license server, and a clock to move.

::

    with FakeLicenseServer(seats=2) as server:
        client = LicenseClient(
            server.url, license_key=server.license_key, roots=server.roots, cache_dir=tmp_path
        )
        with client.acquire() as lease:
            assert lease.is_valid()

It speaks the leasing calls of the contract over real HTTP on loopback, with real signatures under a
root that is published in this package: never pin that root in a product.
"""

import base64
import contextlib
import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Final, Self

from coditect_license_sdk._clock import Clock, SystemClock
from coditect_license_sdk._testing.clock import ManualClock
from coditect_license_sdk._testing.desk import Desk, Reply, Request, problem
from coditect_license_sdk._testing.faults import Fault, Forgery, Script
from coditect_license_sdk._testing.http import Listener, wait_at
from coditect_license_sdk._testing.ledger import Ledger
from coditect_license_sdk._testing.mint import Mint
from coditect_license_sdk._testing.root import published_root
from coditect_license_sdk._wire import Deed
from coditect_license_token import Roots
from coditect_license_token.testing import InMemorySigner

__all__ = ["Deed", "FakeLicenseServer", "Forgery", "ManualClock", "Request"]

LICENSE_KEY: Final = "FAKE-0000-0000-0000-LICENSE"
TOKEN: Final = "fake.bearer.token"  # noqa: S105  for tests alone
AUDIENCE: Final = "fake-product"
ISSUER: Final = "https://licenses.example"


class FakeLicenseServer:
    """One license of a server that exists for a test.

    `lease_seconds` is the TTL of a lease (heartbeats every third of it). `clock` decides what time
    it is there; give it and the client the same ManualClock to test hours in no time. `root` signs;
    the default is published and shared, so no key is made.

    `url`, `license_key`, `token`, `audience`, `issuer` and `roots` are what a client needs. `seats`
    and `refusal` may be set at any time; `requests` lists what came in.
    """

    def __init__(
        self,
        *,
        seats: int = 10,
        lease_seconds: int = 360,
        clock: Clock | None = None,
        root: InMemorySigner | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.requests: list[Request] = []
        self.mint = Mint(root=root or published_root(), issuer=ISSUER, audience=AUDIENCE)
        self._desk = Desk(
            license_key=LICENSE_KEY,
            token=TOKEN,
            ledger=Ledger(seats=seats, lease_seconds=lease_seconds),
            mint=self.mint,
        )
        self._script = Script()
        self._gates: list[threading.Event] = []
        self._arrived = threading.Condition()
        self._listener: Listener | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The server's address; the same after `stop` and `start`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def license_key(self) -> str:
        """The one license key it knows."""
        return self._desk.license_key

    @property
    def token(self) -> str:
        """The one bearer token it accepts."""
        return self._desk.token

    @property
    def audience(self) -> str:
        """The product its tokens are for."""
        return self.mint.audience

    @property
    def issuer(self) -> str:
        """Who its tokens are from."""
        return self.mint.issuer

    @property
    def roots(self) -> Roots:
        """What a client of this server pins."""
        return Roots([self.mint.root.public_key])

    @property
    def roots_pem(self) -> bytes:
        """The same as a PEM file."""
        return self.mint.root.public_key.pem().encode()

    @property
    def seats(self) -> int:
        """How many seats the license has."""
        return self._desk.ledger.seats

    @seats.setter
    def seats(self, seats: int) -> None:
        self._desk.ledger.seats = seats

    @property
    def seats_in_use(self) -> int:
        """How many devices hold a seat now."""
        with self._desk.lock:
            return len(self._desk.ledger.live(self.clock.wall_seconds()))

    @property
    def session_ids(self) -> list[str]:
        """The sessions that are live now."""
        with self._desk.lock:
            live = self._desk.ledger.live(self.clock.wall_seconds())
            return [session.session_id for session in live]

    @property
    def refusal(self) -> str | None:
        """The code every lease is refused with (license_suspended …), or None."""
        return self._desk.refusal

    @refusal.setter
    def refusal(self, code: str | None) -> None:
        self._desk.refusal = code

    @property
    def kms_down(self) -> bool:
        """Whether the root cannot sign: license_data is then 503 signing_unavailable."""
        return self._desk.kms_down

    @kms_down.setter
    def kms_down(self, is_down: bool) -> None:
        self._desk.kms_down = is_down

    def start(self) -> None:
        """Listen on a free loopback port, or on the one it had before."""
        self._listener = Listener(self._port, self)
        self._port = self._listener.server_address[1]
        threading.Thread(
            target=self._listener.serve_forever,
            args=(0.02,),
            name="fake-license-server",
            daemon=True,
        ).start()

    def stop(self) -> None:
        """Hang up and refuse connections; seats and sessions are kept."""
        for gate in self._gates:
            gate.set()
        if self._listener is not None:
            self._listener.cut()
            self._listener = None

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """Be down for the length of a with block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def fail_next(
        self,
        status: int,
        code: str = "",
        *,
        times: int = 1,
        deed: Deed | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        """Answer the next requests with a problem; nothing else happens."""
        fault = Fault(status=status, code=code, times=times, deed=deed)
        fault.retry_after_seconds = retry_after_seconds
        self._script.add(fault)

    def answer_next(
        self,
        status: int,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        deed: Deed | None = None,
    ) -> None:
        """Answer the next request with exactly these bytes."""
        self._script.add(Fault(status=status, body=body, headers=headers or {}, deed=deed))

    def drop_next(self, *, times: int = 1, deed: Deed | None = None) -> None:
        """Hang up on the next requests, before anything happens."""
        self._script.add(Fault(drop=True, times=times, deed=deed))

    def hold_next(self, *, deed: Deed | None = None) -> threading.Event:
        """Let the next request wait until the event is set."""
        gate = threading.Event()
        self._gates.append(gate)
        self._script.add(Fault(gate=gate, deed=deed))
        return gate

    def forge_next(self, forgery: Forgery, *, times: int = 1, deed: Deed | None = None) -> None:
        """Spoil the next answers; the seat is taken or kept all the same."""
        self._script.add(Fault(forgery=forgery, times=times, deed=deed))

    def end_session(self, session_id: str, *, reason: str = "released") -> None:
        """Take a seat away, as an operator can."""
        with self._desk.lock:
            self._desk.ledger.end(session_id, reason=reason)

    def forget_sessions(self) -> None:
        """Lose all sessions, as a restore from a backup does."""
        with self._desk.lock:
            self._desk.ledger.forget()

    def change_root(self, root: InMemorySigner, *, keyset_version: int = 2) -> None:
        """Sign with another root, announced in a key set of the old one."""
        now, old = int(self.clock.wall_seconds()), self.mint.root
        with self._desk.lock:
            self._desk.mint = self.mint = Mint(root=root, issuer=ISSUER, audience=AUDIENCE)
            self._desk.keyset = self.mint.keyset(now=now, version=keyset_version, signed_by=old)

    def count(self, deed: Deed) -> int:
        """Count the requests of a kind so far."""
        return sum(request.deed is deed for request in list(self.requests))

    def wait_for(self, deed: Deed, *, times: int = 1, timeout_seconds: float = 30.0) -> None:
        """Block until so many requests of a kind came, or raise TimeoutError."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self.count(deed) >= times, timeout_seconds):
                raise TimeoutError(f"only {self.count(deed)} of {times} {deed.value} requests")

    def handle(self, request: Request) -> Reply | None:
        """For the listener: answer one request, with the fault that is due."""
        fault = Fault() if request.deed is None else self._script.take(request.deed)
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        wait_at(fault.gate)
        if fault.drop or self._listener is None:
            return None
        if fault.body is not None:
            return Reply(status=fault.status or 200, body=fault.body, headers=fault.headers)
        if fault.status is not None:
            return problem(fault.status, fault.code, retry_after_seconds=fault.retry_after_seconds)
        reply = self._desk.answer(request, now=self.clock.wall_seconds(), fault=fault)
        return self._spoiled(reply, fault.forgery)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _spoiled(self, reply: Reply, forgery: Forgery | None) -> Reply:
        body = dict(reply.body) if not isinstance(reply.body, bytes) else {}
        if forgery is Forgery.BODY:
            return Reply(status=reply.status, body=b"<html>not what you asked for</html>")
        if forgery is Forgery.SIGNATURE:
            body["license_token"] = _with_wrong_signature(str(body["license_token"]))
        elif forgery is Forgery.SESSION:
            body["session_id"] = "00000000-0000-4000-8000-000000000000"
        else:
            return reply
        return Reply(status=reply.status, body=body, headers=reply.headers)


def _with_wrong_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return f"{head}.{base64.urlsafe_b64encode(raw).decode().rstrip('=')}"
