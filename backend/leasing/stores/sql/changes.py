"""What a batch changes, gathered while it decides and written table by table.

One statement for each table and batch: a statement for each call would hand the interpreter lock
over each time, and wait for it again.
"""

from typing import Any, Final

import msgspec
from msgspec import structs

from leasing.stores.sql.dialect import Connection, Cursor, Statements
from leasing.stores.sql.remembered import Remembered
from leasing.stores.sql.rows import (
    Denials,
    End,
    Grant,
    Leaver,
    RaisedGen,
    Record,
    Renewal,
    SessionShares,
    Share,
    SignedToken,
)

ENCODER: Final = msgspec.json.Encoder()


class Changes:
    """Changes decided and not yet written. A later one to the same row replaces the earlier.

    Each names its session, which is no longer ``remembered`` then.
    """

    def __init__(
        self,
        connection: Connection,
        statements: Statements,
        *,
        remembered: Remembered[Any] | None = None,
    ) -> None:
        self._connection = connection
        self._statements = statements
        self._forget = (Remembered(most=0) if remembered is None else remembered).forget
        self._ends: dict[str, End] = {}
        self._grants: dict[str, Grant] = {}
        self._renewals: dict[tuple[str, int], Renewal] = {}
        self._raised: dict[str, RaisedGen] = {}
        self._tokens: dict[str, SignedToken] = {}
        self._all_shares: dict[str, SessionShares] = {}
        self._shares: dict[tuple[str, str], Share] = {}
        self._leavers: dict[tuple[str, str], Leaver] = {}
        self._records: dict[str, Record] = {}
        self._denials: dict[tuple[str, str], Denials] = {}

    def end(self, end: End) -> None:
        """End a session."""
        self._forget(end.session)
        self._ends[end.session] = end

    def grant(self, grant: Grant) -> None:
        """Begin a session."""
        self._grants[grant.session] = grant

    def renew(self, renewal: Renewal, *, session: str, seat_at: str | None = None) -> None:  # noqa: ARG002
        """Move the end of a session's lease. A store may know where the seat's row lies."""
        self._forget(session)
        key = renewal.license, renewal.slot
        self._renewals[key] = counting_on(self._renewals.get(key), renewal)

    def raise_gen(self, raised: RaisedGen) -> None:
        """Raise the gen of a seat and of the session that holds it."""
        self._forget(raised.session)
        self._raised[raised.session] = raised

    def note_token(self, token: SignedToken) -> None:
        """Note a token of a session without a seat; others are noted with their renewal."""
        self._forget(token.session)
        self._tokens[token.session] = token

    def renew_shares(self, shares: SessionShares) -> None:
        """Move the ends of every instance that a session has."""
        self._forget(shares.session)
        self._all_shares[shares.session] = shares

    def put_share(self, share: Share) -> None:
        """Move the end of one instance, made when missing; without a token its last one stays."""
        self._forget(share.session)
        key = share.session, share.instance
        earlier = self._shares.get(key)
        if earlier is not None and share.token_ends is None:
            share = structs.replace(
                share, token_issued_at=earlier.token_issued_at, token_ends=earlier.token_ends
            )
        self._shares[key] = share

    def leave(self, leaver: Leaver) -> None:
        """Let one instance go, whose share no later call of these changes may put back."""
        self._forget(leaver.session)
        self._leavers[leaver.session, leaver.instance] = leaver

    def record(self, record: Record) -> None:
        """Add an audit record (S15)."""
        self._records[record.id] = record

    def deny(self, denials: Denials) -> None:
        """Add to the count of denials."""
        key = denials.license, denials.reason
        earlier = self._denials.get(key)
        count = denials.count + (earlier.count if earlier else 0)
        self._denials[key] = structs.replace(denials, count=count)

    def write(self) -> None:
        """Write what was gathered; seats are freed before they are granted."""
        sql = self._statements
        self._write(self._ends, sql.FREE_SEATS, sql.FORGET_ALL_INSTANCES, sql.END_SESSIONS)
        self._write_grants()
        self._write(self._renewals, sql.RENEW_SEATS)
        self._write(self._raised, sql.RAISE_SEATS, sql.RAISE_SESSIONS)
        self._write(self._tokens, sql.NOTE_TOKENS)
        self._write(self._all_shares, sql.RENEW_ALL_INSTANCES)
        self._write(self._leavers, sql.FORGET_INSTANCES)
        self._write(self._shares, sql.PUT_INSTANCES)
        self._write(self._records, sql.RECORDS)
        self._write(self._denials, sql.DENIALS)

    def _write_grants(self) -> None:
        """Put holders on seats; a seat that is held already is a defect: nothing may commit."""
        sql, wanted = self._statements, len(self._grants)
        put = self._write(self._grants, sql.PUT_HOLDERS, sql.BEGIN_SESSIONS)
        if put is not None and put.rowcount != wanted:
            raise AssertionError("a seat that was to be taken is not free")

    def _write(self, rows: dict[Any, Any], *statements: str) -> Cursor | None:
        """Run statements over the same rows, if there are any; return what the first one did."""
        if not rows:
            return None
        text = ENCODER.encode(list(rows.values())).decode()
        done = [self._connection.execute(one, {"rows": text}) for one in statements]
        rows.clear()
        return done[0]


def counting_on(earlier: Renewal | None, renewal: Renewal) -> Renewal:
    """Return a renewal with what an earlier one of its seat counted and it does not."""
    if earlier is None:
        return renewal
    counted = renewal if renewal.token_ends else earlier
    return structs.replace(
        renewal,
        seq=earlier.seq if renewal.seq is None else renewal.seq,
        token_issued_at=counted.token_issued_at,
        token_ends=counted.token_ends,
        is_shared=earlier.is_shared or renewal.is_shared,
    )
