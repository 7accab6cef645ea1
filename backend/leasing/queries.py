"""Who holds what, and who held what: reads of the control plane, for the current tenant.

They lock nothing and use indexes that no heartbeat writes. What one read looks at is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Max, Q, QuerySet, TextField, Value

from leasing.concurrency import Interval
from leasing.errors import SessionUnknown, TooMuchHistory
from leasing.models import LicenseSession, Seat
from leasing.rules import is_live
from licenses.models import License
from tenants.current import current_tenant_id, tenant_transaction
from tenants.models import Tenant

MOST_LOOKED_AT: Final = 10_000
"""How many sessions a page of a filtered list looks at; what it finds may be less than a page."""

MOST_HISTORY: Final = 200_000
"""How many sessions may begin or end within the time that one call asks about."""

_MAY_RUN: Final = Q(ended_at__isnull=True) | Q(slot__isnull=True)  # as the index session_open
Key = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilter:
    """Which sessions are wanted; what is None is not asked about.

    ``device`` is the hardware binding. ``since`` and ``until`` are about the start of sessions; the
    first is within the time, the second is not. ``is_lent`` wants sessions of files that run on; it
    looks at every session within the time.
    """

    license_id: UUID | None = None
    device: str | None = None
    principal: str | None = None
    state: Literal["live", "ended"] | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_lent: bool = False

    @property
    def equal(self) -> dict[str, object]:
        """The columns that must have a value, which no index leads to."""
        wanted = {
            "license_id": self.license_id,
            "device": self.device,
            "principal": self.principal,
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One session as the control plane shows it. ``ended_at`` is None while it runs.

    ``borrowed_until`` is None when its seat was never lent.
    """

    session_id: UUID
    license_id: UUID
    device: str
    principal: str
    started_at: datetime
    lease_expires_at: datetime
    borrowed_until: datetime | None
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """A page of sessions, latest first. ``next`` continues it; None when there are no more."""

    sessions: list[Holding]
    next: Key | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The sessions of a time: those that began or ended in it, and how many ran all along."""

    sessions: list[Interval]
    all_along: int


def sessions(
    wanted: SessionFilter,
    *,
    after: Key | None,
    most: int,
    now: datetime,
    most_looked_at: int = MOST_LOOKED_AT,
) -> Holdings:
    """Return up to ``most`` sessions that begin before those of the page ``after``.

    A page may be short, even empty, though there are more: what it looks at is bounded.
    """
    within = _before(_in_time(wanted, now), after).order_by("-started_at", "-id")
    last = _last_looked_at(within, most_looked_at) if wanted.equal else None
    chosen = within.filter(**wanted.equal)
    if last is not None:
        chosen = chosen.filter(_not_before(last))
    rows = list(chosen[: most + 1])
    page = rows[:most]
    return Holdings(
        sessions=[one for one in _shown(page, now) if _is_wanted(one, wanted)],
        next=_key(page[-1]) if len(rows) > most else last,
    )


def session(session_id: UUID, *, now: datetime) -> Holding:
    """Return one session, also after its end. Raises SessionUnknown."""
    row = _own().filter(id=session_id).first()
    if row is None:
        raise SessionUnknown("no such session")
    return _shown([row], now)[0]


def history(
    *, license_id: UUID | None, start: datetime, end: datetime, most: int = MOST_HISTORY
) -> History:
    """Return the sessions of the tenant, or of one license, from ``start`` to ``end``.

    A session that runs counts until its lease ends. Raises TooMuchHistory.
    """
    own = _own() if license_id is None else _own().filter(license_id=license_id)
    ended, since, until = own.filter(ended_at__isnull=False), _as_kept(start), _as_kept(end)
    moved = ended.filter(
        Q(started_at__gt=since, started_at__lt=until) | Q(ended_at__gt=since, ended_at__lt=until)
    )
    rows = list(moved.values_list("started_at", "ended_at")[: most + 1])
    running = list(own.filter(ended_at__isnull=True, started_at__lt=until)[: most + 1])
    if len(rows) + len(running) > most:
        raise TooMuchHistory("more sessions than one answer can count")
    ends = _lease_ends(running)
    still = [Interval(one.started_at, ends[one.id]) for one in running if one.id in ends]
    return History(
        sessions=[*(Interval(began, over) for began, over in rows if over), *still],
        all_along=ended.filter(started_at__lte=since, ended_at__gte=until).count(),
    )


def longest_loan(*, now: datetime) -> timedelta:
    """Return how long a file that any tenant's license lends, or has lent, may run from now on.

    For whoever ends a key. Reads every session once.
    """
    tenants = list(Tenant.objects.order_by("id").values_list("id", flat=True))
    return max((_longest_loan_of(tenant, now) for tenant in tenants), default=timedelta(0))


def _longest_loan_of(tenant_id: UUID, now: datetime) -> timedelta:
    with tenant_transaction(tenant_id):
        lends = License.objects.aggregate(most=Max("offline_seconds"))["most"] or 0
        lent = _own().filter(borrowed_until__gt=_as_kept(now))
        last = lent.aggregate(last=Max("borrowed_until"))["last"]
    return max(timedelta(seconds=lends), (last or now) - now)


def _own() -> QuerySet[LicenseSession]:
    return LicenseSession.objects.filter(tenant_id=current_tenant_id())


def _in_time(wanted: SessionFilter, now: datetime) -> QuerySet[LicenseSession]:
    found = _own()
    if wanted.since is not None:
        found = found.filter(started_at__gte=_as_kept(wanted.since))
    if wanted.until is not None:
        found = found.filter(started_at__lt=_as_kept(wanted.until))
    if wanted.is_lent:
        found = found.filter(borrowed_until__gt=_as_kept(now))
    if wanted.state == "live":
        runs = Q(ended_at__isnull=True) | Q(ended_at__gt=_as_kept(now))
        return found.filter(_MAY_RUN).filter(runs)
    if wanted.state == "ended":
        return found.filter(Q(ended_at__isnull=True) | Q(ended_at__lte=_as_kept(now)))
    return found


def _before(found: QuerySet[LicenseSession], key: Key | None) -> QuerySet[LicenseSession]:
    if key is None:
        return found
    started_at, id_ = _as_kept(key[0]), key[1]
    earlier = Q(started_at__lt=started_at) | Q(started_at=started_at, id__lt=id_)
    return found.filter(earlier, started_at__lte=started_at)


def _not_before(key: Key) -> Q:
    started_at, id_ = _as_kept(key[0]), key[1]
    return Q(started_at__gt=started_at) | Q(started_at=started_at, id__gte=id_)


def _as_kept(instant: datetime) -> datetime | Value:
    """Return an instant to compare with: in SQLite the stores write text of six decimals, always.

    Django would leave out the decimals of a whole second, which sorts before the same with them.
    """
    if connection.vendor != "sqlite":
        return instant
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return Value(text, output_field=TextField())


def _last_looked_at(within: QuerySet[LicenseSession], most: int) -> Key | None:
    keys = within.values_list("started_at", "id")
    return next(iter(keys[most - 1 : most]), None)


def _key(row: LicenseSession) -> Key:
    return row.started_at, row.id


def _is_wanted(one: Holding, wanted: SessionFilter) -> bool:
    """Tell whether a session is in the state asked for: a lease may have lapsed unnoticed."""
    return wanted.state is None or (wanted.state == "ended") is (one.ended_at is not None)


def _shown(rows: Iterable[LicenseSession], now: datetime) -> list[Holding]:
    rows = list(rows)
    ends = _lease_ends(row for row in rows if row.ended_at is None)
    return [_holding(row, row.ended_at or ends.get(row.id, row.started_at), now) for row in rows]


def _holding(row: LicenseSession, end: datetime, now: datetime) -> Holding:
    has_ended = not is_live(end, now)
    return Holding(
        session_id=row.id,
        license_id=row.license_id,
        device=row.device,
        principal=row.principal,
        started_at=row.started_at,
        lease_expires_at=end,
        borrowed_until=row.borrowed_until,
        ended_at=end if has_ended else None,
        end_reason=(row.end_reason or "expired") if has_ended else None,
    )


def _lease_ends(rows: Iterable[LicenseSession]) -> dict[UUID, datetime]:
    """Return where the leases of sessions end that hold a seat."""
    held: dict[UUID, set[int]] = {}
    for row in rows:
        if row.slot is not None:
            held.setdefault(row.license_id, set()).add(row.slot)
    return {
        session_id: end
        for license_id, slots in held.items()
        for session_id, end in _seats(license_id, sorted(slots))
    }


def _seats(license_id: UUID, slots: list[int]) -> Iterable[tuple[UUID, datetime]]:
    own = Seat.objects.filter(tenant_id=current_tenant_id(), license_id=license_id)
    for first in range(0, len(slots), 500):
        chosen = own.filter(slot__in=slots[first : first + 500])
        for session_id, end in chosen.values_list("session_id", "lease_expires_at"):
            if session_id is not None and end is not None:
                yield session_id, end
