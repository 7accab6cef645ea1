"""What a batch of heartbeats decides, gathered and written table by table."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, structs

from leasing.errors import LeaseLost
from leasing.rules import (
    UNNAMED,
    Holding,
    Terms,
    is_token_due,
    lease_end,
    loss,
    refusal,
    token_end,
)
from leasing.store import Heartbeat, Lease
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex, as_text


class Row(Struct, frozen=True, array_like=True, gc=False):
    """One session of a batch as it was read; ``position`` is the call's place in the batch."""

    position: int
    terms: Terms
    holding: Holding
    instance_known: bool
    has_instances: bool


class Renewals:
    """What a batch of heartbeats writes, gathered while it decides."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._latest: dict[str, Holding] = {}
        self._seats: dict[str, tuple[str, str, int, str, str | None]] = {}
        self._tokens: dict[str, tuple[str, str, int, str | None, str | None]] = {}
        self._instances: dict[
            tuple[str, str], tuple[str, str, str, str, str | None, str | None]
        ] = {}
        self._sessions: dict[str, tuple[str, str, str]] = {}
        self._ended: dict[str, LeaseLost] = {}

    def decide(self, call: Heartbeat, row: Row) -> Lease:
        """Return the lease as it will be once this batch is written.

        Raises LeaseLost or LicenseRefused.
        """
        if ended := self._ended.get(row.holding.session_id):
            raise ended
        held = self._latest.get(row.holding.session_id, row.holding)
        self._check_in_time(row.terms, held)
        if call.instance_id != UNNAMED and not row.instance_known:
            raise LeaseLost("released")
        if refused := refusal(row.terms, self._transaction.now):
            raise refused
        return self._renew(call, row, held)

    def write(self) -> None:
        """Write every renewal of the batch, each table in one statement."""
        self._write(sql.RENEW_SEATS, self._seats)
        self._write(sql.NOTE_TOKENS, self._tokens)
        self._write(sql.RENEW_ALL_INSTANCES, self._sessions)
        self._write(sql.RENEW_INSTANCES, self._instances)

    def _write(self, statement: str, renewals: Mapping[Any, tuple[object, ...]]) -> None:
        if renewals:
            values = ENCODER.encode(list(renewals.values())).decode()
            self._transaction.run(statement, renewals=values)

    def _check_in_time(self, terms: Terms, held: Holding) -> None:
        now, hold_since = self._transaction.now, self._transaction.hold_since
        lost = loss(terms, held.lease_expires_at, hold_since=hold_since, now=now)
        if lost is None:
            return
        self._transaction.end_session(
            tenant=as_hex(terms.tenant_id),
            license=as_hex(terms.license_id),
            slot=held.slot,
            session=as_hex(held.session_id),
            reason=lost.reason,
            lease_expires_at=held.lease_expires_at,
        )
        self._ended[held.session_id] = lost
        raise lost

    def _renew(self, call: Heartbeat, row: Row, held: Holding) -> Lease:
        now, terms = self._transaction.now, row.terms
        end = lease_end(terms, now, held.lease_expires_at)
        is_unnamed = call.instance_id == UNNAMED
        due = call.wants_token or is_token_due(
            row.holding.token_issued_at, row.holding.token_expires_at, now
        )
        seq = held.seq + 1 if due else held.seq
        renewed = structs.replace(
            held,
            lease_expires_at=end,
            unnamed_expires_at=end
            if is_unnamed and held.unnamed_expires_at
            else held.unnamed_expires_at,
            seq=seq,
        )
        self._note(call, row, renewed, due=due)
        return Lease(
            terms=terms,
            session_id=held.session_id,
            device=held.device,
            gen=held.gen,
            lease_expires_at=end,
            now=now,
            seq=seq if due else None,
        )

    def _note(self, call: Heartbeat, row: Row, renewed: Holding, *, due: bool) -> None:
        tenant, session = as_hex(row.terms.tenant_id), as_hex(renewed.session_id)
        end, unnamed = as_text(renewed.lease_expires_at), renewed.unnamed_expires_at
        self._latest[renewed.session_id] = renewed
        self._seats[session] = (
            tenant,
            as_hex(row.terms.license_id),
            renewed.slot,
            end,
            as_text(unnamed) if unnamed else None,
        )
        if call.instance_id != UNNAMED:
            self._note_instance(call, tenant, session, renewed, due=due)
            return
        if due:
            issued, ends = self._token_life(call, renewed)
            self._tokens[session] = (tenant, session, renewed.seq, issued, ends)
        if row.has_instances:
            self._sessions[session] = (tenant, session, end)

    def _note_instance(
        self, call: Heartbeat, tenant: str, session: str, renewed: Holding, *, due: bool
    ) -> None:
        end = as_text(renewed.lease_expires_at)
        named = (session, call.instance_id)
        _, _, _, _, issued, ends = self._instances.get(named, (None,) * 6)
        if due:
            issued, ends = self._token_life(call, renewed)
        self._instances[named] = (tenant, session, call.instance_id, end, issued, ends)
        if due:
            _, _, _, issued, ends = self._tokens.get(session, (None,) * 5)
            self._tokens[session] = (tenant, session, renewed.seq, issued, ends)

    def _token_life(self, call: Heartbeat, renewed: Holding) -> tuple[str, str]:
        end = token_end(renewed.lease_expires_at, call.latest_token_end)
        return as_text(self._transaction.now), as_text(end)
