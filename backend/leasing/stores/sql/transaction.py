"""One open transaction of a SQL ledger: its instant, its queries, what it will change."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from foundation.ids import new_hex_id
from leasing.occupancy import HORIZON, MOST_REMEMBERED, Occupancy
from leasing.rules import Hold, Terms, counted_after, hold_end, is_live, lowest_count
from leasing.stores.sql.changes import ENCODER, Changes
from leasing.stores.sql.dialect import Connection, Cursor, Statements
from leasing.stores.sql.remembered import Remembered
from leasing.stores.sql.rows import Denials, End, Record

if TYPE_CHECKING:
    from leasing.stores.sql.renewals import Row

TermsAsked = tuple[str | None, tuple[str, ...]]
"""What terms are asked for by: the tenant (None with a key as the credential) and key HMACs."""

SYSTEM: Final = "system:lease"
FORCE_RELEASED: Final = "seat.force_released"


class Seen(NamedTuple):
    """What a look at every seat of a license found, as an Occupancy takes it."""

    live: int
    rows: int
    ending: list[tuple[datetime, int]]
    lapsed: set[int]


class Moment(NamedTuple):
    """The instant that a transaction decides at, and the hold of reclaims there is then."""

    now: datetime
    hold: Hold | None


class Transaction:
    """What the deeds of one batch share.

    ``moment`` is called once, when the first of them asks for the instant: ``now`` is that, read
    after the gate, and ``now_text`` the same as stored. ``terms`` and ``remembered`` are what was
    read since anybody else wrote to the file. No gen and no seq given here is below
    ``lowest_count``. ``changes`` are written before each query, so a query sees what the batch
    decided before it.
    ``seats_per_person`` is the personal cap of licenses that name none.
    """

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        *,
        moment: Callable[[], Moment],
        terms: dict[TermsAsked, Terms],
        occupancies: dict[str, Occupancy],
        changes: Changes | None = None,
        remembered: Remembered[Any] | None = None,
        seats_per_person: int = 0,
    ) -> None:
        self._connection = connection
        self.sql = statements
        self._read_moment = moment
        self.terms = terms
        self._occupancies = occupancies
        self.remembered = Remembered(most=0) if remembered is None else remembered
        self.changes = changes or Changes(connection, statements, remembered=self.remembered)
        self.seats_per_person = seats_per_person

    @cached_property
    def _moment(self) -> Moment:
        return self._read_moment()

    @cached_property
    def now(self) -> datetime:
        """The instant of every decision."""
        return self._moment.now

    @cached_property
    def now_text(self) -> str:
        """The same as stored."""
        return as_text(self.now)

    @cached_property
    def hold(self) -> Hold | None:
        """The hold of reclaims there is now."""
        return self._moment.hold

    @cached_property
    def lowest_count(self) -> int:
        """The lowest gen and seq that may be given."""
        return lowest_count(self.hold)

    def run(self, statement: str, **values: Any) -> Cursor:
        """Execute one statement with named values."""
        self.changes.write()
        return self._connection.execute(statement, values)

    def one(self, statement: str, **values: Any) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        row: tuple[Any, ...] | None = self.run(statement, **values).fetchone()
        return row

    def found(self, statement: str, wanted: list[tuple[Any, ...]], **values: Any) -> str:
        """Return what a query answers about many rows wanted, as the text of a JSON array."""
        if not wanted:
            return "[]"
        return self.answer(statement, wanted=ENCODER.encode(wanted).decode(), **values)

    def answer(self, statement: str, **values: Any) -> str:
        """Return the one text that a query answers."""
        (text,) = self.one(statement, **values) or ("[]",)
        return str(text)

    def holdings(
        self, wanted: list[tuple[Any, ...]], decode: Callable[[str], list["Row"]]
    ) -> list["Row"]:
        """Return what is held by sessions, each wanted by place, tenant, id and instance."""
        return decode(self.found(self.sql.HOLDINGS, wanted))

    def record(
        self,
        action: str,
        *,
        tenant: str,
        license: str,
        session: str | None,
        principal: str,
        **details: Any,
    ) -> None:
        """Add one audit record to this transaction (S15)."""
        self.changes.record(
            Record(
                tenant=tenant,
                id=new_hex_id(),
                at=self.now_text,
                action=action,
                principal=principal,
                license=license,
                session=session,
                details_json=ENCODER.encode(details).decode(),
            )
        )

    def count_denial(self, terms: Terms, reason: str) -> None:
        """Count one denied acquire of a license."""
        hour = as_text(self.now.replace(minute=0, second=0, microsecond=0))
        self.changes.deny(
            Denials(as_hex(terms.tenant_id), as_hex(terms.license_id), reason, hour, 1)
        )

    def end_session(
        self,
        *,
        tenant: str,
        license: str,
        slot: int,
        session: str,
        reason: str,
        lease_expires_at: datetime,
        principal: str = SYSTEM,
        is_forced: bool = False,
        **details: Any,
    ) -> None:
        """End a session and free its seat, with its audit record. Ids are hexadecimal.

        It ended now, or with its lease if that lapsed before. ``details`` go into the record.
        """
        ended_at = as_text(min(lease_expires_at, self.now))
        self.changes.end(End(tenant, license, slot, session, ended_at, reason))
        released = FORCE_RELEASED if is_forced else "seat.released"
        action = released if reason == "released" else "lease.expired"
        self.record(
            action,
            tenant=tenant,
            license=license,
            session=session,
            principal=principal,
            slot=slot,
            reason=reason,
            **details,
        )
        if occupancy := self._occupancies.get(license):
            occupancy.freed(slot, lease_expires_at)

    def lapsed_anywhere(self, most: int) -> list[tuple[Any, ...]]:
        """Return up to ``most`` lapsed seats of any license, as the reaper takes them."""
        return self.run(self.sql.LAPSED_ANYWHERE, now=self.now_text, most=most).fetchall()

    def look_at(self, many: Iterable[Terms]) -> None:
        """Prepare to say how full licenses are, all of them at once where that saves anything."""

    def occupancy(self, terms: Terms) -> Occupancy:
        """Return how full a license is at this transaction's instant, exactly."""
        license_ = as_hex(terms.license_id)
        occupancy = self._occupancies.get(license_)
        if occupancy is None or occupancy.is_stale(self.now):
            occupancy = self._occupancies[license_] = self._scan(terms)
        self._settle(terms, occupancy)
        return occupancy

    def forget_occupancy(self, license: str) -> None:
        """Have the next acquire of a license scan its seats anew."""
        self._occupancies.pop(license, None)

    def known_occupancy(self, license: str) -> Occupancy | None:
        """Return how full a license is when that is known by heart, else None."""
        return self._occupancies.get(license)

    def counted_after(self, heartbeat_interval_seconds: int) -> datetime:
        """Return the instant after which a lease must end to count."""
        return counted_after(self.hold, heartbeat_interval_seconds, self.now)

    def _scan(self, terms: Terms) -> Occupancy:
        held_until = self._held_until(terms)
        return self._scan_live(terms) if held_until is None else self._scan_held(terms, held_until)

    def _scan_held(self, terms: Terms, held_until: datetime) -> Occupancy:
        """Count every holder that was live when the ledger fell silent: it may come back."""
        since = self.counted_after(terms.heartbeat_interval_seconds)
        seen = self.look_at_seats(terms, since, horizon=since)
        return _occupancy(seen, since, held_until)

    def _scan_live(self, terms: Terms) -> Occupancy:
        horizon = self.now + HORIZON
        seen = self.look_at_seats(terms, self.now, horizon)
        was_cut_short = len(seen.ending) == MOST_REMEMBERED
        return _occupancy(seen, self.now, seen.ending[-1][0] if was_cut_short else horizon)

    def look_at_seats(self, terms: Terms, since: datetime, horizon: datetime) -> Seen:
        """Look at every seat of a license: which count because their lease ends after ``since``,
        which of them end before the horizon, and which do not count though they are held.
        """
        seats = seats_wanted(terms, since, horizon)
        live, rows = self.one(self.sql.COUNT_SEATS, **seats) or (0, 0)
        ending = self.run(self.sql.SEATS_ENDING, **seats).fetchall()
        lapsed = self.run(self.sql.SEATS_LAPSED, **seats).fetchall()
        return Seen(live, rows, ending_at(ending), {slot for (slot,) in lapsed})

    def _held_until(self, terms: Terms) -> datetime | None:
        return hold_end(self.hold, terms.heartbeat_interval_seconds, self.now)

    def _settle(self, terms: Terms, occupancy: Occupancy) -> None:
        if self._held_until(terms) is not None:
            return
        seat = {"tenant": as_hex(terms.tenant_id), "license": as_hex(terms.license_id)}
        while (slot := occupancy.next_due(self.now)) is not None:
            session, _, _, end = self.one(self.sql.SEAT, **seat, slot=slot) or (None,) * 4
            if session is None:
                continue
            if is_live(as_instant(end), self.now):
                occupancy.found_live(slot, as_instant(end))
            else:
                occupancy.found_lapsed(slot)


def seats_wanted(terms: Terms, since: datetime, horizon: datetime) -> dict[str, Any]:
    """Return what the statements that look at every seat of a license are given."""
    return {
        "tenant": as_hex(terms.tenant_id),
        "license": as_hex(terms.license_id),
        "now": as_text(since),
        "horizon": as_text(horizon),
        "cap": terms.cap,
        "most": MOST_REMEMBERED,
    }


def ending_at(stored: Iterable[tuple[str, int]]) -> list[tuple[datetime, int]]:
    """Return the ends of leases, with the slots, from how they are stored."""
    return [(as_instant(end), slot) for end, slot in stored]


def _occupancy(seen: Seen, counted_after: datetime, horizon: datetime) -> Occupancy:
    return Occupancy(
        live=seen.live,
        rows=seen.rows,
        counted_after=counted_after,
        horizon=horizon,
        upcoming=seen.ending,
        lapsed=seen.lapsed,
    )


def as_hex(identifier: str) -> str:
    """Return an id as Django keeps it in SQLite."""
    return identifier.replace("-", "")


def as_dashed(identifier: str) -> str:
    """Return an id as the outside knows it."""
    return "-".join(
        (
            identifier[:8],
            identifier[8:12],
            identifier[12:16],
            identifier[16:20],
            identifier[20:],
        )
    )


@lru_cache(maxsize=1_024)  # the leases of a batch mostly end together
def as_text(instant: datetime) -> str:
    """Return an instant as Django keeps it in SQLite, always with microseconds."""
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")


def as_instant(text: str) -> datetime:
    """Return the instant that Django's text for SQLite stands for."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
