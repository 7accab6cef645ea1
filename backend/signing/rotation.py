"""One root follows another: each call does what is due, and says what it waits for.

The state is the row of the rotation and nothing else. Every step can be repeated, so a crash
between any two lines costs a repetition. Steps call the keeper of the keys, which may take
minutes, so no transaction is open meanwhile: the row is marked busy instead.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from coditect_license_token import BadSignature
from foundation.clock import Clock
from signing import operations, queries
from signing.errors import RotationRefused, SigningUnavailable, UnsafeKey
from signing.key_versions import KeyState, KeyVersions
from signing.links import seal_link
from signing.models import KeyRotation, SigningKey
from signing.rotation_steps import Periods, Step, after, due_at, is_switched
from signing.signer import Signer

_log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 120
"""How long a step may take before another operator may begin it again."""

_PENDING_RETRY_SECONDS: Final = 10
_PROBE: Final = b"a key that cannot sign this becomes no root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a rotation stands: ``step`` is done at ``due_at`` or later; None when all is done."""

    rotation_id: int
    outcome: str
    step: Step | None
    due_at: datetime | None
    old_key_id: str
    new_key_id: str
    periods: Periods


class Rotation:
    """Rotates the root of one installation. ``issuer`` is the ``iss`` of its key sets.

    Raises RotationRefused for what must not be done now, SigningUnavailable when the keys cannot
    be reached (repeat the call), UnsafeKey for keys that are not what they should be.
    """

    def __init__(self, versions: KeyVersions, *, issuer: str, clock: Clock) -> None:
        self._versions = versions
        self._issuer = issuer
        self._clock = clock

    def standing(self) -> Standing | None:
        """Return the rotation that is open, or None. Changes nothing."""
        row = queries.open_rotation()
        return _standing(row) if row is not None else None

    def advance(self, periods: Periods, *, until: Step | None = None) -> Standing:
        """Do every step that is due, and begin a rotation when none is open.

        ``periods`` counts for a rotation begun by this call; one that is open keeps its own.
        ``until`` stops after that step.
        """
        row = queries.open_rotation() or self._begin(periods)
        with self._busy(row):
            while self._is_due(row) and not _is_past(row, until):
                self._do(row)
        return _standing(row)

    def abort(self) -> Standing:
        """Give up a rotation whose new key does not sign yet; its key is disabled and destroyed.

        Raises RotationRefused when there is none, or when the new key signs already.
        """
        row = queries.open_rotation()
        if row is None:
            raise RotationRefused("no rotation is open")
        with self._busy(row):
            if is_switched(Step(row.step)):
                raise RotationRefused("the new key signs already: begin another rotation instead")
            self._discard_new(row)
            self._close(row, "aborted")
        return _standing(row)

    def restore(self, key_id: str) -> None:
        """Take back the scheduled destruction of a root; it stays disabled."""
        row = SigningKey.objects.filter(key_id=key_id).first()
        if row is None:
            raise UnsafeKey(f"no root has the key id {key_id}")
        self._versions.restore(row.location)

    def _begin(self, periods: Periods) -> KeyRotation:
        old = queries.active_key()
        if old is None:
            raise RotationRefused("no key is active: start a server first, it makes the first")
        now = self._clock()
        row, _ = KeyRotation.objects.get_or_create(
            outcome="open",
            defaults={
                "old_key_id": old.key_id,
                "begun_at": now,
                "stepped_at": now,
                "spread_seconds": periods.spread,
                "outlive_seconds": periods.outlive,
                "regret_seconds": periods.regret,
            },
        )
        return row

    @contextmanager
    def _busy(self, row: KeyRotation) -> Iterator[None]:
        """Keep other operators out, and read the row as the last of them left it."""
        now = self._clock()
        until = now + timedelta(seconds=BUSY_SECONDS)
        free = Q(busy_until=None) | Q(busy_until__lte=now)
        if not KeyRotation.objects.filter(free, id=row.id, outcome="open").update(busy_until=until):
            raise RotationRefused(
                f"another operator is at it, or was {BUSY_SECONDS} seconds ago and broke off"
            )
        try:
            row.refresh_from_db()
            yield
        finally:
            _held(row).update(busy_until=None)

    def _is_due(self, row: KeyRotation) -> bool:
        if row.outcome != "open":
            return False
        return _has_switched_already(row) or self._clock() >= _due_at(row)

    def _do(self, row: KeyRotation) -> None:
        step = Step(row.step)
        deeds: dict[Step, Callable[[KeyRotation], None]] = {
            Step.CREATE: self._create,
            Step.PUBLISH: self._publish,
            Step.SWITCH: self._switch,
            Step.RETIRE: self._retire,
            Step.DISABLE: self._disable,
            Step.DESTROY: self._destroy,
        }
        deeds[step](row)
        _log.warning("root rotation %s: %s is done", row.id, step.value)
        following = after(step)
        if following is None:
            self._close(row, "done")
        else:
            self._note(row, step=following.value, stepped_at=self._clock())

    def _create(self, row: KeyRotation) -> None:
        """Make a key, or take the one that was made and not noted before a crash."""
        waiting = queries.next_key()
        if waiting is not None:
            self._note(row, new_location=waiting.location, new_key_id=waiting.key_id)
        if not row.new_location:
            self._note(row, new_location=self._orphan(row) or self._versions.create().location)
        signer = self._usable(row.new_location)
        self._note(row, new_key_id=signer.key_id)

    def _orphan(self, row: KeyRotation) -> str | None:
        known = set(SigningKey.objects.values_list("location", flat=True))
        for version in self._versions.all():
            is_usable = version.state in {KeyState.PENDING, KeyState.ENABLED}
            is_ours = version.created_at >= row.begun_at - timedelta(seconds=1)
            if is_usable and is_ours and version.location not in known:
                return version.location
        return None

    def _usable(self, location: str) -> Signer:
        """Return a key's signer once it has proven that it signs."""
        if self._versions.find(location).state is KeyState.PENDING:
            raise SigningUnavailable(
                f"{location} is being made", retry_after_seconds=_PENDING_RETRY_SECONDS
            )
        signer = self._versions.signer(location)
        try:
            signer.public_key.verify(_PROBE, signer.sign(_PROBE))
        except BadSignature as error:
            raise UnsafeKey(f"{location} signs what does not verify") from error
        return signer

    def _publish(self, row: KeyRotation) -> None:
        new = self._usable(row.new_location)
        if queries.next_key() is None:
            old = SigningKey.objects.get(key_id=row.old_key_id)
            link = seal_link(
                self._versions.signer(old.location),
                new.public_key,
                issuer=self._issuer,
                version=queries.key_set_version(),
                now=self._clock(),
            )
            operations.publish_next(new, location=row.new_location, link=link, now=self._clock())

    def _switch(self, row: KeyRotation) -> None:
        self._usable(row.new_location)
        operations.make_active(row.new_key_id)

    def _retire(self, row: KeyRotation) -> None:
        operations.lay_down(row.old_key_id, now=self._clock())

    def _disable(self, row: KeyRotation) -> None:
        self._versions.disable(_location(row.old_key_id))

    def _destroy(self, row: KeyRotation) -> None:
        self._versions.schedule_destruction(_location(row.old_key_id))

    def _discard_new(self, row: KeyRotation) -> None:
        if row.new_key_id and SigningKey.objects.filter(key_id=row.new_key_id).exists():
            operations.lay_down(row.new_key_id, now=self._clock())
        location = row.new_location or self._orphan(row)
        if location is not None:
            self._versions.disable(location)
            self._versions.schedule_destruction(location)

    def _note(self, row: KeyRotation, **facts: object) -> None:
        """Write facts of the row, unless somebody else took it over meanwhile."""
        if not _held(row).update(**facts):
            raise RotationRefused("another operator took over; see --status")
        for name, value in facts.items():
            setattr(row, name, value)

    def _close(self, row: KeyRotation, outcome: str) -> None:
        self._note(row, outcome=outcome, stepped_at=self._clock())


def _held(row: KeyRotation) -> QuerySet[KeyRotation]:
    """Return the row as long as it is this operator's: each marks it with another instant."""
    return KeyRotation.objects.filter(id=row.id, busy_until=row.busy_until)


def _location(key_id: str) -> str:
    return SigningKey.objects.get(key_id=key_id).location


def _periods(row: KeyRotation) -> Periods:
    return Periods(
        spread=row.spread_seconds, outlive=row.outlive_seconds, regret=row.regret_seconds
    )


def _due_at(row: KeyRotation) -> datetime:
    return due_at(Step(row.step), stepped_at=row.stepped_at, periods=_periods(row))


def _has_switched_already(row: KeyRotation) -> bool:
    """Return whether an emergency was quicker: the new key took the place of a revoked one."""
    active = queries.active_key()
    is_active = active is not None and active.key_id == row.new_key_id
    return Step(row.step) is Step.SWITCH and is_active


def _is_past(row: KeyRotation, until: Step | None) -> bool:
    order = list(Step)
    return until is not None and order.index(Step(row.step)) > order.index(until)


def _standing(row: KeyRotation) -> Standing:
    is_open = row.outcome == "open"
    return Standing(
        rotation_id=row.id,
        outcome=row.outcome,
        step=Step(row.step) if is_open else None,
        due_at=_due_at(row) if is_open else None,
        old_key_id=row.old_key_id,
        new_key_id=row.new_key_id,
        periods=_periods(row),
    )
