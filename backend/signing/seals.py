"""What the leasing plane asks for: documents, sealed. Nothing leaves here unsigned (S16)."""

import asyncio
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from coditect_license_token import (
    BadSignature,
    LicenseData,
    LicenseToken,
    seal_license_token,
)
from signing import counts
from signing.delegation import Delegated, DelegatedSigner
from signing.errors import OutsideMandate, SigningUnavailable
from signing.root import Root
from signing.signer import Signer
from signing.turns import Turns

_log = logging.getLogger(__name__)

_token_signed: Final = counts.signatures("delegated", "signed")
_token_failed: Final = counts.signatures("delegated", "failed")

MOST_WAITING: Final = 2_000
"""Root signatures in flight (S17): two seconds of work for two threads at 2 ms each."""

LOCAL_THREADS: Final = 2
"""A key in memory keeps a core busy for 2 ms: more threads than cores only take turns."""

LOCAL_AHEAD: Final = 2
"""A thread that has signed goes on at once, and does not wait for a busy event loop to hand it the
next: a fifth more signatures each second."""

_FAULT_RETRY_SECONDS: Final = 5
_OFF_RETRY_SECONDS: Final = 3_600
_LOOK_SECONDS: Final = 30.0
_SHORTEST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class SealedToken:
    """A lease token with the delegation of its key; ``key_id`` is what ``known_kid`` names.

    ``root_key_id`` names the root that signed the delegation.
    """

    token: str
    delegation: str
    key_id: str
    root_key_id: str


class Seals:
    """Seals both documents: ``license_data`` under the root, ``license_token`` under its delegate.

    ``direct_signing`` off refuses every ``license_data``. ``threads`` sign with the root at a time:
    as many as there are cores for a key in memory, as many as keep a round trip busy for one that
    is far away; ``ahead`` more calls are handed to them, which nobody can turn away any more.
    ``most_waiting`` calls may be here; a signature that takes ``slow_seconds`` is a
    sign that waiting for the next would be in vain (:class:`signing.turns.Turns`). Between
    :meth:`start` and :meth:`stop` a task renews the delegation when it is due.
    """

    def __init__(
        self,
        root: Root,
        delegated: DelegatedSigner,
        *,
        direct_signing: bool,
        threads: int = LOCAL_THREADS,
        ahead: int = LOCAL_AHEAD,
        most_waiting: int = MOST_WAITING,
        slow_seconds: float = math.inf,
    ) -> None:
        self._root = root
        self._delegated = delegated
        self._direct_signing = direct_signing
        self._next_pause_seconds = _SHORTEST_PAUSE_SECONDS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="root-signer")
        # A thread of its own: the delegation's renewal waits behind no acquire.
        self._renewer = ThreadPoolExecutor(1, thread_name_prefix="delegation-renewal")
        self._turns = Turns(
            self._pool, at_once=threads + ahead, most=most_waiting, slow_seconds=slow_seconds
        )
        self._renewal: asyncio.Task[None] | None = None

    @property
    def root_key_id(self) -> str:
        """The key id that a ``license_data`` sealed here names. Raises SigningUnavailable."""
        return self._root.signer.key_id

    def root_waits_seconds(self) -> float:
        """Return how long the first who waits for a root signature has waited; 0 without any."""
        return self._turns.waits_seconds()

    async def license_data(self, data: LicenseData) -> dict[str, str]:
        """Return the whole document with the root's signature, verified before it leaves.

        About 2 ms of a worker thread under a local key, one round trip under KMS. Raises
        SigningUnavailable when the root fails, when too many wait, or when direct signing is
        switched off; OutsideMandate when the data names another key than the root, or than the one
        that was the root until just now.
        """
        root = self._root.named(data.key_id)
        if not self._direct_signing:
            raise switched_off()
        work = partial(proven_signature, root, data.signed_bytes())
        return data.with_signature(await self._turns.run(work))

    def license_token(self, claims: LicenseToken) -> SealedToken:
        """Return a sealed lease token. For the event loop: about 50 µs, and it never waits.

        The signature is not verified again: that costs more than twice the signature (107 against
        33 µs), and every key was proven with the same code when it was made. The claims are checked
        against the delegation instead, at the time they name as ``issued_at``. Raises
        SigningUnavailable when no delegation is in force, OutsideMandate when the claims live
        longer than it allows, or name another issuer or a tier it does not cover.
        """
        delegated = self._delegated_at(claims.issued_at)
        mandate = delegated.mandate
        if claims.expires > delegated.longest_expiry(claims.issued_at):
            raise OutsideMandate("the token would live longer than was delegated")
        if claims.issuer != mandate.issuer or not mandate.covers(claims.tier):
            raise OutsideMandate("the token has another issuer or tier than was delegated")
        token = seal_license_token(claims, signer=delegated.signer)
        _token_signed()
        return SealedToken(
            token, delegated.document, delegated.signer.key_id, delegated.root_key_id
        )

    def longest_expiry(self, now: int) -> int:
        """Return the latest ``exp`` a lease token issued at ``now`` may have: clip leases to it.

        Both in seconds since the epoch. Raises SigningUnavailable when no delegation is in force.
        """
        return self._delegated_at(now).longest_expiry(now)

    def health(self, now: int) -> int:
        """Return how many seconds the delegation has left at ``now``; 0 when there is none."""
        try:
            return self._delegated.current(now).expires - now
        except SigningUnavailable:
            return 0

    async def start(self) -> None:
        """Make the first delegation, or log why not, and begin to renew it in the background.

        Once in the life of the object: :meth:`stop` is for good.
        """
        pause_seconds = await self.renew_if_due()
        self._renewal = asyncio.create_task(self._keep_renewed(pause_seconds))
        self._renewal.add_done_callback(_report_end)

    async def stop(self) -> None:
        """End the background task and the worker threads; signatures under way are finished."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
            self._renewal = None
        for pool in (self._pool, self._renewer):
            pool.shutdown(wait=True, cancel_futures=True)

    async def renew_if_due(self) -> float:
        """Renew the delegation when it is due; return the seconds until the next look.

        A failure is logged and makes the next look come after 1 s, then 2, 4 and so on up to 60:
        the delegation in use goes on for half a day.
        """
        if not self._delegated.renewal_due(self._delegated.now()):
            return _LOOK_SECONDS
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._renewer, self._delegated.renew)
        except SigningUnavailable as failure:
            return self._pause_after(failure)
        self._next_pause_seconds = _SHORTEST_PAUSE_SECONDS
        return _LOOK_SECONDS

    def _delegated_at(self, now: int) -> Delegated:
        try:
            return self._delegated.current(now)
        except SigningUnavailable:
            _token_failed()
            raise

    async def _keep_renewed(self, pause_seconds: float) -> None:
        while True:
            await asyncio.sleep(pause_seconds)
            pause_seconds = await self.renew_if_due()

    def _pause_after(self, failure: SigningUnavailable) -> float:
        pause_seconds = self._next_pause_seconds
        self._next_pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        left_seconds = self.health(self._delegated.now())
        _log.error("delegation not renewed (%s); %d s left of the old", failure, left_seconds)
        return pause_seconds


def switched_off() -> SigningUnavailable:
    """Return why no ``license_data`` is signed where an operator has decided so."""
    return SigningUnavailable(
        "direct signing is switched off", retry_after_seconds=_OFF_RETRY_SECONDS
    )


def proven_signature(root: Signer, message: bytes) -> bytes:
    """Return the root's signature, verified. Raises SigningUnavailable; blocks."""
    signature = root.sign(message)
    try:
        root.public_key.verify(message, signature)
    except BadSignature as error:
        raise SigningUnavailable(
            "the root made a signature that does not verify",
            retry_after_seconds=_FAULT_RETRY_SECONDS,
        ) from error
    return signature


def _report_end(renewal: asyncio.Task[None]) -> None:
    """Say at once what would otherwise show half a day later, as a delegation that ran out."""
    if not renewal.cancelled():
        _log.critical("the delegation is not renewed any more", exc_info=renewal.exception())
