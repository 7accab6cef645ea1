"""Honored sessions: their tokens run on, their seats are somebody else's (docs/adr/0010).

Such a session has no seat. It ends with the token that was shown for it and is never renewed; its
program learns that from the end that stays where it is.
"""

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw, Struct

from foundation.clock import rfc3339
from leasing.rules import Evidence, Terms, is_token_due, next_count, refusal
from leasing.store import ForceRelease, Heartbeat, Lease, Release
from leasing.stores.sql.rows import SignedToken
from leasing.stores.sql.terms import read_terms
from leasing.stores.sql.transaction import Transaction, as_hex, as_text


class _Honored(Struct, frozen=True, array_like=True, gc=False):
    terms_text: Raw
    device: str
    gen: int
    ends: datetime
    seq: int
    token_issued_at: datetime | None
    token_ends: datetime | None

    @property
    def terms(self) -> Terms:
        return read_terms(self.terms_text)


_HONORED: Final = msgspec.json.Decoder(_Honored)


def honor(transaction: Transaction, tenant: str, call: Heartbeat, evidence: Evidence) -> None:
    """Begin a session without a seat, or have one last as long as its latest token."""
    session, license_ = as_hex(call.session_id), as_hex(evidence.license_id)
    ends = as_text(evidence.expires_at)
    transaction.run(
        transaction.sql.HONOR,
        tenant=tenant,
        session=session,
        license=license_,
        gen=evidence.gen,
        device=evidence.device,
        principal=call.caller.principal,
        seq=evidence.seq,
        since=as_text(evidence.issued_at),
        ends=ends,
    )
    transaction.record(
        "lease.honored",
        tenant=tenant,
        license=license_,
        session=session,
        principal=call.caller.principal,
        gen=evidence.gen,
        until=rfc3339(evidence.expires_at),
    )


def honored_lease(transaction: Transaction, tenant: str, call: Heartbeat) -> Lease | None:
    """Return the lease of an honored session as it stands, or None when it is not one.

    Raises LicenseRefused.
    """
    of_session = {"tenant": tenant, "session": as_hex(call.session_id)}
    found = transaction.one(transaction.sql.HONORED, **of_session, now=transaction.now_text)
    if found is None:
        return None
    honored = _HONORED.decode(found[0])
    if refused := refusal(honored.terms, transaction.now):
        raise refused
    return _answered(transaction, tenant, call, honored)


def _answered(transaction: Transaction, tenant: str, call: Heartbeat, honored: _Honored) -> Lease:
    now, session = transaction.now, as_hex(call.session_id)
    seq = None
    if call.wants_token or is_token_due(honored.token_issued_at, honored.token_ends, now):
        seq = next_count(honored.seq, transaction.lowest_count)
        ends = as_text(honored.ends)
        transaction.changes.note_token(
            SignedToken(tenant, session, seq, transaction.now_text, ends)
        )
    return Lease(
        terms=honored.terms,
        session_id=call.session_id,
        device=honored.device,
        gen=honored.gen,
        lease_expires_at=honored.ends,
        now=now,
        seq=seq,
    )


def release_honored(
    transaction: Transaction, tenant: str, call: Release | ForceRelease, *, action: str
) -> None:
    """End an honored session now; any other is left as it is."""
    session = as_hex(call.session_id)
    of_session = {"tenant": tenant, "session": session, "now": transaction.now_text}
    row = transaction.one(transaction.sql.END_HONORED, **of_session)
    if row is not None:
        transaction.record(
            action,
            tenant=tenant,
            license=row[0],
            session=session,
            principal=call.caller.principal,
            reason="released",
        )
