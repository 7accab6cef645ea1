"""A process that leases put together: ledger, engine, signers, door, plane."""

import asyncio

from django.conf import settings
from django.db import close_old_connections

from audit.tally import SignatureTally, TallyThread
from coditect_license.abuse import failures_from_settings
from coditect_license.background import BackgroundWork
from coditect_license.gauges import gauge_leasing, serve_metrics_from_settings
from coditect_license.ledger import aside, take_server_seat
from coditect_license.problems import problem_of
from coditect_license.warming import warm_control_plane, warm_ledger
from foundation.clock import utc_now
from foundation.logs import JsonLines
from identity.wiring import bearer_verifier_from_settings
from leasing.engine import Engine
from leasing.http import LeasingPlane
from leasing.http.acquire import AcquireEndpoint
from leasing.http.admission import Admission, Quotas
from leasing.http.credentials import Door
from leasing.http.health import HealthEndpoint
from leasing.http.heartbeat import HeartbeatEndpoint
from leasing.http.keys import KeysEndpoint
from leasing.http.overload import Overload
from leasing.http.proofs import Proofs
from leasing.http.routes import is_leasing_path
from leasing.http.sessions import SessionEndpoint
from leasing.http.shown_tokens import ShownTokens
from leasing.store import Store
from leasing.wiring import open_store
from licenses.license_key import KeyHasher
from signing.wiring import (
    own_tokens_from_settings,
    present_root,
    published_keys_from_settings,
    root_watch,
    seals_from_settings,
)
from soft_state.notices import BOARD, Topic
from soft_state.wiring import fleet_from_settings, shared_allowances_from_settings


def transport_security_from_settings() -> bytes | None:
    """Return the Strict-Transport-Security that Django sends too, None where http is served."""
    if not settings.SECURE_HSTS_SECONDS:
        return None
    said = f"max-age={settings.SECURE_HSTS_SECONDS}"
    said += "; includeSubDomains" * settings.SECURE_HSTS_INCLUDE_SUBDOMAINS
    return (said + "; preload" * settings.SECURE_HSTS_PRELOAD).encode()


class LicenseServer:
    """Everything that one process holds while it serves leases, alone or beside the control plane.

    Made from the settings; blocking. Raises ServerAlreadyRunning when another server process
    works on the same SQLite file, StoreUnavailable when the ledger cannot be reached, UnsafeKey for
    a root key that must not be used, MetricsPortBusy.
    """

    def __init__(self, request_log: JsonLines) -> None:
        self._leave = take_server_seat()
        root = present_root()
        self._seals = seals_from_settings(root)
        self._root_watch = root_watch(root, self._seals.renew_if_due)
        self._end_metrics = serve_metrics_from_settings()
        store = open_store()
        self._engine = Engine(store)
        shared = shared_allowances_from_settings()
        self._fleet = fleet_from_settings(shared)
        admission = Admission(self._engine, shared, Quotas(**settings.LICENSE_QUOTAS))
        self.failures = failures_from_settings(shared)
        verifier = bearer_verifier_from_settings()
        published = published_keys_from_settings(root)
        own_tokens = own_tokens_from_settings()
        door = Door(verifier, KeyHasher(settings.LICENSE_KEY_PEPPERS))
        tally = SignatureTally(clock=utc_now)
        proofs = Proofs(self._seals, settings.LICENSE_ISSUER, tally=tally)
        gauge_leasing(self._engine, self._signing_seconds_left)
        self._beside = _work_beside(request_log, tally, store)
        self.overload = Overload(lambda: self._engine.fullness)
        self._health = HealthEndpoint(self._is_able)
        self.plane = LeasingPlane(
            acquire=AcquireEndpoint(admission, door, proofs),
            heartbeat=HeartbeatEndpoint(admission, door, proofs, ShownTokens(own_tokens)),
            sessions=SessionEndpoint(admission, door),
            keys=KeysEndpoint(published),
            health=self._health,
            failures=self.failures,
            overload=self.overload,
            problem_of=problem_of,
            request_log=request_log,
            transport_security=transport_security_from_settings(),
        )
        self._request_log = request_log
        close_old_connections()  # this thread's; whoever reads later opens one for the moment
        self._unlisten = [
            BOARD.listen(Topic.KEY_SET, self._root_watch.expire),
            BOARD.listen(Topic.KEY_SET, published.expire),
            BOARD.listen(Topic.KEY_SET, own_tokens.expire),
            BOARD.listen(Topic.ISSUERS, verifier.expire),
            BOARD.listen(Topic.CREDENTIALS, verifier.forget),
            BOARD.listen(Topic.LICENSES, admission.forget_licenses),
        ]

    def takes(self, path: str) -> bool:
        """Return whether the leasing plane answers an address; all of them where it is alone."""
        return is_leasing_path(path) or not settings.LICENSE_WORKLOAD.manages

    async def start(self) -> None:
        """Make the first delegation, begin to take calls, and go each way once.

        Raises StoreUnavailable when the ledger went away since.
        """
        await self._seals.start()
        await self._root_watch.start()
        await self._engine.start()
        await warm_ledger(self._engine)
        if settings.LICENSE_WORKLOAD.manages:
            await asyncio.to_thread(warm_control_plane)
        await self.overload.start()
        self._beside.start()
        if self._fleet is not None:
            await self._fleet.start()

    def begin_to_drain(self) -> None:
        """Say from now on that this process is not ready; it goes on to answer."""
        self._health.begin_to_drain()

    async def stop(self) -> None:
        """Commit what waits, finish the signatures under way, let go of the ledger."""
        if self._fleet is not None:
            await self._fleet.stop()
        for unlisten in self._unlisten:
            unlisten()
        await self.overload.stop()
        await self._engine.stop()
        await asyncio.to_thread(self._beside.stop)
        await self._root_watch.stop()
        await self._seals.stop()
        self._request_log.flush()
        await asyncio.to_thread(self._end_metrics)
        await asyncio.to_thread(self._leave)

    def _is_able(self) -> bool:
        return self._engine.is_ready and self._signing_seconds_left() > 0

    def _signing_seconds_left(self) -> int:
        return self._seals.health(int(utc_now().timestamp()))


def _work_beside(
    log: JsonLines, tally: SignatureTally, store: Store
) -> BackgroundWork | TallyThread:
    """Return what goes on beside the leases; where others seal, the tally alone is written down."""
    if not settings.LICENSE_WORKLOAD.seals:
        return TallyThread(tally)
    return BackgroundWork(log, before=tally.write_down, aside=aside(store))
