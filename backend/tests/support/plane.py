"""The leasing plane in this process: the real engine, SQLite store, door and signers, no socket.

::

    with Plane(database, folder) as plane:
        answer = plane.acquire(alice, "laptop")
        plane.clock.advance(300)
        plane.heartbeat(answer.json()["session_id"], as_key(alice.key))
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import httpx

from audit.tally import SignatureTally
from coditect_license.problems import problem_of
from coditect_license_token import (
    LicenseToken,
    Roots,
    open_delegation,
    open_license_token,
)
from foundation.clock import utc_now
from foundation.logs import JsonLines
from identity import queries
from identity.development import DevelopmentIssuer
from identity.operations import BearerVerifier
from identity.register import DatabaseRegister
from identity.rules import Role
from leasing.engine import Engine
from leasing.http import LeasingPlane
from leasing.http.acquire import AcquireEndpoint
from leasing.http.admission import Admission, Quotas
from leasing.http.credentials import Door
from leasing.http.failures import MOST_HELD_BACK, Failures
from leasing.http.health import HealthEndpoint
from leasing.http.heartbeat import HeartbeatEndpoint
from leasing.http.keys import KeysEndpoint
from leasing.http.overload import Overload
from leasing.http.proofs import MOST_ROOT_WAIT_SECONDS, Proofs
from leasing.http.sessions import SessionEndpoint
from leasing.http.shown_tokens import ShownTokens
from leasing.stores.sqlite import SqliteStore
from signing.delegation import LIFETIME_SECONDS, DelegatedSigner
from signing.kms_service import SLOW_SECONDS, THREADS, KMSSigningService
from signing.operations import remember_root
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.seals import Seals
from signing.signer import Signer
from soft_state.allowances import Allowances
from tests.support.backups import copy_sqlite
from tests.support.clock import ManualClock
from tests.support.customer import HASHER, PEPPERS, Customer
from tests.support.moody_root import MoodyRoot

ISSUER: Final = "https://licenses.example"
ACQUIRE: Final = "/api/v1/licenses/acquire/"
SESSIONS: Final = "/api/v1/licenses/sessions/"
TABLES: Final = ("seat", "seat_instance", "license_session", "audit_event", "denial_count")
PATIENCE_SECONDS: Final = 20
UNHURRIED: Final = Quotas(per_license=1_000_000, per_session=1_000_000)
"""Quotas that no test reaches which is not about quotas."""

_T = TypeVar("_T")


class CountedTokens(OwnTokens):
    """Counts how often somebody has tokens verified, which costs CPU."""

    opened = 0

    def open(self, token: str, delegation: str) -> LicenseToken:
        self.opened += 1
        return super().open(token, delegation)


class Plane:
    """A started leasing plane on a migrated database, and everything a test wants to hold of it.

    ``clock`` is the clock of ledger, signers and door; it starts at the present. ``signer`` is the
    root in the place of the moody one.
    """

    def __init__(
        self,
        database: Path,
        folder: Path,
        *,
        direct_signing: bool = True,
        most_waiting: int = 1_000,
        delegation_seconds: int = LIFETIME_SECONDS,
        quotas: Quotas = UNHURRIED,
        failures_per_minute: int = 0,
        forwarded_hops: int = 0,
        most_held_back: int = MOST_HELD_BACK,
        shared: Allowances | None = None,
        signer: Signer | None = None,
        transport_security: bytes | None = None,
        most_root_wait_seconds: float = MOST_ROOT_WAIT_SECONDS,
    ) -> None:
        self.database = database
        self.clock = ManualClock(utc_now())
        self.root = MoodyRoot(folder)
        signs = signer or self.root
        self.roots = Roots([signs.public_key])
        self.present_root = Root(signs)
        self.published = PublishedKeys(self.present_root, issuer=ISSUER)
        self.issuer = DevelopmentIssuer.open(
            folder / "issuer.pem", audience=ISSUER, clock=self.clock
        )
        self.issuer.ensure_row()
        remember_root(signs, now=self.clock.now)
        self.own_tokens = CountedTokens(issuer=ISSUER)
        self.log_file = folder / "requests.log"
        self._log_opened = os.open(self.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._log = JsonLines(self._log_opened)
        self.seals = self._seals(delegation_seconds, direct_signing=direct_signing)
        self.engine = Engine(SqliteStore(database, clock=self.clock), most_waiting=most_waiting)
        self.shared = Allowances() if shared is None else shared
        self.admission = Admission(self.engine, self.shared, quotas, clock=self._seconds)
        self.failures = Failures(
            self.shared,
            per_minute=failures_per_minute,
            forwarded_hops=forwarded_hops,
            most_held_back=most_held_back,
            clock=self._seconds,
        )
        self.overload = Overload(lambda: self.engine.fullness, clock=self._seconds)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="plane", daemon=True)
        self.verifier = BearerVerifier(
            queries.trusted_issuers, clock=self.clock, register=DatabaseRegister(PEPPERS)
        )
        self.application = self._application(transport_security, most_root_wait_seconds)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application, raise_app_exceptions=True),
            base_url=ISSUER,
        )

    def _seals(self, delegation_seconds: int, *, direct_signing: bool) -> Seals:
        delegated = DelegatedSigner(
            self.present_root,
            issuer=ISSUER,
            clock=self.clock,
            lifetime_seconds=delegation_seconds,
            max_lease_seconds=delegation_seconds // 2,
        )
        pace: dict[str, Any] = {}
        if isinstance(self.present_root.signer, KMSSigningService):
            pace = {"threads": THREADS, "ahead": 0, "slow_seconds": SLOW_SECONDS}
        return Seals(self.present_root, delegated, direct_signing=direct_signing, **pace)

    def _application(self, transport_security: bytes | None, most_root_wait_seconds: float) -> Any:
        door = Door(
            self.verifier,
            HASHER,
        )
        self.tally = SignatureTally(clock=self.clock)
        proofs = Proofs(
            self.seals,
            ISSUER,
            tally=self.tally,
            clock=self.clock,
            most_root_wait_seconds=most_root_wait_seconds,
        )
        shown = ShownTokens(self.own_tokens)
        return LeasingPlane(
            acquire=AcquireEndpoint(self.admission, door, proofs),
            heartbeat=HeartbeatEndpoint(self.admission, door, proofs, shown),
            sessions=SessionEndpoint(self.admission, door),
            keys=KeysEndpoint(self.published, clock=self.clock),
            health=HealthEndpoint(
                lambda: self.engine.is_ready and self._signing_seconds_left() > 0
            ),
            failures=self.failures,
            overload=self.overload,
            problem_of=problem_of,
            request_log=self._log,
            transport_security=transport_security,
        )

    def _seconds(self) -> float:
        return self.clock.milliseconds / 1000

    def _signing_seconds_left(self) -> int:
        return self.seals.health(int(self.clock.now.timestamp()))

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.seals.start())
        self.run(self.engine.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.engine.stop())
        self.run(self.seals.stop())
        self.run(self._client.aclose())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()
        os.close(self._log_opened)

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something on the plane's event loop and return its result."""
        return self.begin_work(work).result(PATIENCE_SECONDS)

    def begin_work(self, work: Coroutine[Any, Any, _T]) -> "Future[_T]":
        """Begin something on the plane's event loop and return at once."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def begin(self, method: str, path: str, **options: Any) -> "Future[httpx.Response]":
        """Send a request and return at once; its answer comes later."""
        request = self._client.request(method, path, **options)
        return asyncio.run_coroutine_threadsafe(request, self._loop)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and return the answer."""
        return self.begin(method, path, **options).result(PATIENCE_SECONDS)

    def acquire(
        self, customer: Customer, device: str, headers: Mapping[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """Take a seat, with the key in the body as the credential unless a header has another."""
        members = {"license_key": customer.key, "hardware_id": device, **body}
        return self.call("POST", ACQUIRE, json=members, headers=headers or {})

    def heartbeat(
        self, session_id: str, headers: Mapping[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        """Renew a session; a heartbeat that says nothing has no body."""
        options = {"json": body} if body else {}
        path = f"{SESSIONS}{session_id}/heartbeat/"
        return self.call("PATCH", path, headers=headers or {}, **options)

    def release(
        self, session_id: str, headers: Mapping[str, str] | None = None, instance: str | None = None
    ) -> httpx.Response:
        """End a session, or one instance's share of it."""
        query = {"instance_id": instance} if instance is not None else {}
        path = f"{SESSIONS}{session_id}/"
        return self.call("DELETE", path, params=query, headers=headers or {})

    def state(self, session_id: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Read the state of a session."""
        return self.call("GET", f"{SESSIONS}{session_id}/", headers=headers or {})

    def pass_time(self, seconds: float) -> None:
        """Let time pass while the ledger is alive, so that no reclaim hold begins."""
        while seconds > 0:
            step = min(seconds, 20)
            self.clock.advance(step)
            self.call("GET", f"{SESSIONS}{NOBODY}/", headers={"authorization": "License no-key"})
            seconds -= step

    def back_up(self) -> Path:
        """Copy the ledger by SQLite's backup API, beside the running server."""
        copy = self.database.with_name(f"{self.database.name}.backup")
        copy_sqlite(self.database, copy)
        return copy

    def restore(self, copy: Path) -> None:
        """Put the ledger back to a copy, under the running server."""
        copy_sqlite(copy, self.database)

    def as_user(self, customer: Customer, role: Role = Role.OWNER) -> dict[str, str]:
        """Return the header of a person of a customer's tenant."""
        token = self.issuer.mint(
            tenant_id=customer.tenant.id, subject="a-person", role=role, lifetime_seconds=86_400
        )
        return {"authorization": f"Bearer {token}"}

    def claims(self, answer: Mapping[str, Any], **expected: Any) -> LicenseToken:
        """Open an answer's token with nothing but the root key and the answer itself."""
        now = int(self.clock.now.timestamp())
        delegation = open_delegation(answer["delegation"], roots=self.roots, now=now, issuer=ISSUER)
        return open_license_token(
            answer["license_token"], delegation=delegation, now=now, issuer=ISSUER, **expected
        )

    def ledger(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row about seats as it is on disk now."""
        connection = sqlite3.connect(self.database)
        try:
            return {
                table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall()
                for table in TABLES
            }
        finally:
            connection.close()

    def log_text(self) -> str:
        """Return everything that was written to the request log."""
        self._log.flush()
        return self.log_file.read_text()


NOBODY: Final = "00000000-0000-4000-8000-000000000000"
"""A session id that nobody ever had."""


def as_key(key: str) -> dict[str, str]:
    """Return the header that shows a license key as the credential."""
    return {"authorization": f"License {key}"}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a problem, whose form is checked on the way.

    Every problem has the same members, says them twice for the first clients, and names the
    request as its header does.
    """
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "error", "message", "request_id"} <= set(document)
    assert document["status"] == answer.status_code
    assert document["type"] == f"urn:coditect:license:problem:{document['error']}"
    assert document["message"] == document["detail"]
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    if "retry_after_seconds" in document:
        assert answer.headers["retry-after"] == str(document["retry_after_seconds"])
    return answer.status_code, document["error"]


def without_request_id(answer: httpx.Response) -> dict[str, object]:
    """Return a problem document as it would be for any other request."""
    document = answer.json()
    assert document.pop("request_id") == answer.headers["x-request-id"]
    return dict(document)
