"""One lease from the first request to the last, without I/O: the same for threads and asyncio.

A driver asks `due` for a call, sends it, and hands the outcome to `settle`, which says what the
program should be told. `plan` and `grant` are replaced whole, so other threads may read them.
"""

import logging
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from coditect_license_sdk import _dialogue, _plan
from coditect_license_sdk._cache import Kept
from coditect_license_sdk._clock import Reading, TimeFloor
from coditect_license_sdk._dialogue import Acknowledgement, Grant, Party
from coditect_license_sdk._plan import Event, Plan, Step, Window
from coditect_license_sdk._wire import Answer, Call, Deed
from coditect_license_sdk.errors import (
    LeaseLost,
    LicenseError,
    LicenseRefused,
    LicenseUnknown,
    NoSeatAvailable,
    PersonalCapReached,
    RootUnknown,
    ServerBusy,
    ServerUnreachable,
    VerificationFailed,
)

if TYPE_CHECKING:
    from coditect_license_sdk._trust import Trust


_REFRESH_PAUSE_SECONDS: Final = 3_600.0
"""The least time between two looks for a newer key set, whatever came of the first."""

_log = logging.getLogger("coditect_license_sdk")
_WORTH_WAITING = (NoSeatAvailable, PersonalCapReached, ServerBusy, ServerUnreachable)


class Holding:
    """The lease of one program. `reason` is what went wrong last, None while all is well."""

    def __init__(self, party: Party, trust: "Trust", *, now: float) -> None:
        self.party = party
        self.trust = trust
        self.plan = _plan.seeking(now)
        self.grant: Grant | None = None
        self.floor: TimeFloor | None = None
        self.reason: LicenseError | None = None
        self.offline = False
        self.wants_keys = False
        self._asked_for_keys = False
        self._wants_refresh = False
        self._refresh_not_before = now
        # Not for secrets: the seed makes every program's rhythm its own (design/leasing.md, Time).
        seed = f"{party.hardware_id}/{party.instance_id}"
        self._random = random.Random(seed)  # noqa: S311

    def resume(self, grant: Grant, window: Window, *, now: float) -> None:
        """Begin with a kept proof, verified by the caller."""
        self.grant, self.plan, self.offline = grant, _plan.resumed(window, now), True

    def due(self, now: float) -> Call | None:
        """Give the call to send now, or None when nothing is due.

        A newer key set is asked for only when a renewal has just succeeded: no lease waits for it.
        """
        if not _plan.is_due(self.plan, now=now):
            return _dialogue.keys_call() if self._wants_refresh else None
        return _dialogue.keys_call() if self.wants_keys else self._step_call(now)

    def let_pass(self, now: float) -> Event | None:
        """Let time act on the lease and say what it did."""
        return self._become(_plan.passed(self.plan, now=now))

    def settle(
        self, call: Call, outcome: Answer | LicenseError, *, sent: Reading, now: Reading
    ) -> Event | None:
        """Take in the outcome of a call and say what it did; it raises nothing.

        `sent` are the clocks when the call was sent: from there the lease is counted.
        """
        if call.deed is Deed.KEYS and not self.wants_keys:
            self._refresh(outcome, now)
            return None
        try:
            after = self._after(call, outcome, sent, now)
        except LicenseError as error:
            self.reason = error
            after = self._after_error(error, now.boot_seconds)
        return self._become(after)

    def next_try(self, *, until: float, now: float) -> float | None:
        """Say when a program that waits for a seat should try again.

        None: give up, because it is too late or waiting would not help. The last try is at `until`.
        """
        if self.plan.attempt_at is None:
            return None
        if not self.plan.failures:
            return now
        if now >= until or not isinstance(self.reason, _WORTH_WAITING):
            return None
        return min(self.plan.attempt_at, until)

    def hurry(self, now: float) -> None:
        """Make the next step due."""
        self.plan = replace(self.plan, attempt_at=now)

    def kept(self) -> Kept:
        """Say what is worth keeping on disk."""
        proof = self.grant.proof if self.grant else None
        news = self.trust.news
        return Kept(
            instance_id=self.party.instance_id,
            license_token=proof.license_token if proof else None,
            delegation=proof.delegation if proof else None,
            floor=self.floor,
            keyset=news.editions[0].keyset if news else None,
            revocations=news.editions[0].revocations if news else None,
            links=news.links if news else (),
            keyset_version=self.trust.version,
        )

    def _step_call(self, now: float) -> Call:
        if self.plan.step is Step.ACQUIRE or self.grant is None:
            return _dialogue.acquire_call(self.party, known_kid=self._known_kid())
        is_forgotten = self.plan.step is Step.REINSTATE
        return _dialogue.heartbeat_call(
            self.party,
            self.grant,
            fresh_proof=is_forgotten or _plan.needs_proof(self.plan, now=now),
            known_kid=self._known_kid(),
            show_proof=is_forgotten,
        )

    def _known_kid(self) -> str | None:
        """Name the key whose delegation is held, unless that is what may be wrong."""
        if self.grant is None or isinstance(self.reason, VerificationFailed):
            return None
        return self.grant.key_id

    def _after(
        self, call: Call, outcome: Answer | LicenseError, sent: Reading, now: Reading
    ) -> Plan:
        if isinstance(outcome, LicenseError):
            raise outcome
        if call.deed is Deed.KEYS:
            return self._with_keys(outcome, now)
        if call.nonce is None:
            return self._acknowledged(_dialogue.open_acknowledgement(outcome), sent)
        is_renewal = call.deed is Deed.HEARTBEAT
        return self._granted(self._open_grant(call, outcome), sent, is_renewal=is_renewal)

    def _with_keys(self, outcome: Answer, now: Reading) -> Plan:
        self.wants_keys, self._asked_for_keys = False, True
        self.trust.absorb(_dialogue.open_keys(outcome), now=self._server_now(now))
        return replace(self.plan, attempt_at=now.boot_seconds)

    def _refresh(self, outcome: Answer | LicenseError, now: Reading) -> None:
        """Take in a newer key set. What goes wrong concerns no lease: it is asked for later."""
        self._wants_refresh = False
        self._refresh_not_before = now.boot_seconds + _REFRESH_PAUSE_SECONDS
        try:
            if isinstance(outcome, LicenseError):
                raise outcome
            self.trust.absorb(_dialogue.open_keys(outcome), now=self._server_now(now))
        except LicenseError as error:
            _log.warning("no newer key set: %s", error)

    def _server_now(self, now: Reading) -> int:
        """Tell the time by what the server signed in this boot, else by this machine's clock."""
        floor = self.floor
        if floor is not None and floor.boot_id is not None and floor.boot_id == now.boot_id:
            return int(floor.lowest_now(now))
        return int(now.wall_seconds)

    def _look_for_keys(self, sent: Reading) -> None:
        """After a renewal: want a newer key set if it is time for one."""
        if self.grant is None or sent.boot_seconds < self._refresh_not_before:
            return
        self._wants_refresh = self.trust.is_due(
            self._server_now(sent),
            dice=self._random.random(),
            signing_root_id=self.grant.root_id,
        )

    def _open_grant(self, call: Call, outcome: Answer) -> Grant:
        held = self.grant
        grant = _dialogue.open_grant(
            outcome,
            call,
            party=self.party,
            trust=self.trust,
            known_delegation=held.proof.delegation if held else None,
        )
        if call.deed is Deed.HEARTBEAT and held and not _same_session(held, grant):
            raise VerificationFailed("a renewal of another session")
        return grant

    def _granted(self, grant: Grant, sent: Reading, *, is_renewal: bool) -> Plan:
        held = self.grant
        self.grant, self.reason, self.offline, self._asked_for_keys = grant, None, False, False
        self.floor = TimeFloor(
            server_seconds=grant.claims.issued_at,
            boot_seconds=sent.boot_seconds,
            boot_id=sent.boot_id,
        )
        after = _plan.granted(
            window=_window(grant, sent.boot_seconds),
            interval_seconds=grant.interval_seconds,
            next_seconds=grant.next_seconds,
            dice=self._random.random(),
        )
        if is_renewal:
            self._look_for_keys(sent)
        if is_renewal and held and grant.claims.expires <= held.claims.expires:
            return _plan.honored(after)
        return after

    def _acknowledged(self, answer: Acknowledgement, sent: Reading) -> Plan:
        self.reason = None
        self._look_for_keys(sent)
        return _plan.acknowledged(
            self.plan,
            sent_at=sent.boot_seconds,
            interval_seconds=answer.interval_seconds or self.plan.interval_seconds,
            next_seconds=answer.next_seconds,
            dice=self._random.random(),
        )

    def _after_error(self, error: LicenseError, now: float) -> Plan:
        seeks = self.plan.step is Step.ACQUIRE
        if isinstance(error, RootUnknown) and not self._asked_for_keys:
            self.wants_keys = True
            return replace(self.plan, attempt_at=now)
        if isinstance(error, LeaseLost) and not seeks:
            return _plan.lost(self.plan, now=now)
        if isinstance(error, LicenseUnknown) and not seeks:
            return _plan.unknown(self.plan, now=now)
        if isinstance(error, LicenseRefused):
            return _plan.refused(self.plan, now=now)
        return self._failed(error, now)

    def _failed(self, error: LicenseError, now: float) -> Plan:
        self.wants_keys = self._asked_for_keys = False
        wish = (
            error.retry_after_seconds if isinstance(error, ServerBusy | NoSeatAvailable) else None
        )
        dice = self._random.random()
        return _plan.failed(self.plan, now=now, retry_after_seconds=wish, dice=dice)

    def _become(self, after: Plan) -> Event | None:
        event = _plan.event_between(self.plan, after)
        if event is Event.LOST and self.reason is None:
            self.reason = LeaseLost("the lease ended before it could be renewed")
        self.plan = after
        return event


def _window(grant: Grant, sent_at: float) -> Window:
    return Window(sent_at, sent_at + (grant.claims.expires - grant.claims.issued_at))


def _same_session(held: Grant, new: Grant) -> bool:
    return held.claims.session_id == new.claims.session_id
