"""What a batch changes in PostgreSQL: the seats, and what other processes are told of it."""

from datetime import datetime
from typing import Final

import msgspec

from leasing.stores.postgres import statements
from leasing.stores.postgres.known import CHANGES_KEPT, KeptChanges, Known, SeatChange
from leasing.stores.postgres.rows import RenewalAt
from leasing.stores.sql.changes import ENCODER, Changes, counting_on
from leasing.stores.sql.dialect import Connection
from leasing.stores.sql.rows import Grant, Renewal

_VERSIONS: Final = msgspec.json.Decoder(list[tuple[str, int]])


class PostgresChanges(Changes):
    """Changes that count a version for each license whose seats change hands, and tell of it.

    The versions are counted last, in the order of their key, so that processes that change many
    licenses wait for each other and never in a circle.

    A seat that was read, before anything was written, is renewed where its row lies.
    """

    def __init__(self, connection: Connection, known: Known) -> None:
        super().__init__(connection, statements)
        self._known = known
        self._moves: dict[tuple[str, str], list[SeatChange]] = {}
        self._in_place: dict[tuple[str, int], Renewal] = {}
        self._seat_at: dict[tuple[str, int], str] = {}
        self._has_written = False

    def renew(self, renewal: Renewal, *, session: str, seat_at: str | None = None) -> None:
        """Move the end of a session's lease, where its row was read or by its key.

        A row that this transaction has written lies elsewhere since.
        """
        if seat_at is None or self._has_written:
            super().renew(renewal, session=session)
            return
        key = renewal.license, renewal.slot
        self._in_place[key] = counting_on(self._in_place.get(key), renewal)
        self._seat_at[key] = seat_at

    def grant(self, grant: Grant) -> None:
        """Begin a session."""
        super().grant(grant)
        end = datetime.fromisoformat(f"{grant.ends}+00:00")
        self._move(grant.tenant, grant.license, SeatChange(grant.slot, end, is_grant=True))

    def freed(self, tenant: str, license: str, slot: int, lease_expires_at: datetime) -> None:
        """Have others told that the session on a seat ends."""
        self._move(tenant, license, SeatChange(slot, lease_expires_at, is_grant=False))

    def write(self) -> None:
        """Write what was gathered, then count the versions and tell what led to them."""
        self._write_in_place()
        super().write()
        if not self._moves:
            return
        moves, self._moves = self._moves, {}
        rows = ENCODER.encode(sorted(moves)).decode()
        (counted,) = self._connection.execute(statements.COUNT_VERSIONS, {"rows": rows}).fetchone()
        versions = dict(_VERSIONS.decode(counted))
        for license_, version in versions.items():
            self._known.moved_to(license_, version)
        kept = [_kept(key, versions[key[1]], moves[key]) for key in sorted(moves)]
        self._connection.execute(statements.KEEP_CHANGES, {"rows": ENCODER.encode(kept).decode()})

    def _write_in_place(self) -> None:
        rows = {key: _at(self._seat_at[key], one) for key, one in self._in_place.items()}
        self._has_written = self._has_written or bool(rows)
        self._in_place.clear()
        self._seat_at.clear()
        self._write(rows, statements.RENEW_SEATS_AT)

    def _move(self, tenant: str, license: str, change: SeatChange) -> None:
        self._moves.setdefault((tenant, license), []).append(change)


def _at(seat_at: str, renewal: Renewal) -> RenewalAt:
    return RenewalAt(
        renewal.tenant,
        seat_at,
        renewal.ends,
        renewal.unnamed_ends,
        renewal.seq,
        renewal.token_issued_at,
        renewal.token_ends,
        renewal.is_shared,
    )


def _kept(key: tuple[str, str], version: int, changes: list[SeatChange]) -> KeptChanges:
    tenant, license_ = key
    told = ENCODER.encode(changes).decode()
    return KeptChanges(tenant, license_, version % CHANGES_KEPT, version, told)
