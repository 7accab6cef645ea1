"""Acquire: come back to the device's seat, or claim one."""

from datetime import datetime
from typing import Any

import msgspec

from coditect_license_token import hardware_binding
from foundation.ids import new_id
from leasing.errors import MOST_INSTANCES_PER_DEVICE, SeatsExhausted, TooManyInstances
from leasing.occupancy import Occupancy
from leasing.rules import (
    UNNAMED,
    Holding,
    Terms,
    lease_end,
    loss,
    may_grant,
    refusal,
    token_end,
)
from leasing.store import Acquire, Lease
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.callers import terms_for_acquire
from leasing.stores.sqlite.transaction import (
    Transaction,
    as_hex,
    as_instant,
    as_text,
)
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended

_HOLDING = msgspec.json.Decoder(Holding)
_NO_TOKEN: dict[str, str | None] = {"issued": None, "token_ends": None}
_DENIALS = {
    LicenseExpired: "license_expired",
    LicenseSuspended: "license_suspended",
    LicenseRevoked: "license_revoked",
}


def acquire(transaction: Transaction, call: Acquire) -> Lease:
    """Return the lease of the device's own seat, or of one claimed for it.

    Raises LicenseUnknown, LicenseRefused, SeatsExhausted or TooManyInstances, and the
    identity errors of a key shown as the credential.
    """
    terms = terms_for_acquire(transaction, call)
    if refused := refusal(terms, transaction.now):
        transaction.count_denial(terms, _DENIALS[type(refused)])
        raise refused
    device = hardware_binding(terms.license_id, call.hardware_id)
    own = _own(transaction, terms, device, call.instance_id)
    if own is not None and not _has_lapsed(transaction, terms, own):
        return _resume(transaction, terms, own, call)
    return _grant(transaction, terms, device, call, preferred=own.slot if own else None)


def _own(transaction: Transaction, terms: Terms, device: str, instance_id: str) -> Holding | None:
    row = transaction.one(
        sql.HOLDING_OF_DEVICE,
        tenant=as_hex(terms.tenant_id),
        license=as_hex(terms.license_id),
        device=device,
        instance=instance_id,
    )
    return _HOLDING.decode(row[0]) if row else None


def _has_lapsed(transaction: Transaction, terms: Terms, own: Holding) -> bool:
    lost = loss(terms, own.lease_expires_at, hold_since=transaction.hold_since, now=transaction.now)
    if lost is None:
        return False
    transaction.end_session(
        tenant=as_hex(terms.tenant_id),
        license=as_hex(terms.license_id),
        slot=own.slot,
        session=as_hex(own.session_id),
        reason=lost.reason,
        lease_expires_at=own.lease_expires_at,
    )
    return True


def _resume(transaction: Transaction, terms: Terms, own: Holding, call: Acquire) -> Lease:
    end = lease_end(terms, transaction.now, own.lease_expires_at)
    unnamed_end = own.unnamed_expires_at
    if call.instance_id == UNNAMED:
        unnamed_end = end
    else:
        _make_room_for_instance(transaction, terms, own, call.instance_id)
    renewal = (
        as_hex(terms.tenant_id),
        as_hex(terms.license_id),
        own.slot,
        as_text(end),
        as_text(unnamed_end) if unnamed_end else None,
    )
    transaction.run(sql.RENEW_SEATS, renewals=msgspec.json.encode([renewal]).decode())
    seq = _note_token(transaction, call, terms=terms, own=own, end=end)
    return Lease(
        terms=terms,
        session_id=own.session_id,
        device=own.device,
        gen=own.gen,
        lease_expires_at=end,
        now=transaction.now,
        seq=seq,
        in_use=transaction.occupancy(terms).live,
    )


def _grant(
    transaction: Transaction, terms: Terms, device: str, call: Acquire, *, preferred: int | None
) -> Lease:
    slot = _claim(transaction, terms, preferred)
    occupancy = transaction.occupancy(terms)
    end = lease_end(terms, transaction.now)
    end_text = as_text(end)
    session_id = str(new_id())
    seat = {
        "tenant": as_hex(terms.tenant_id),
        "license": as_hex(terms.license_id),
        "slot": slot,
        "session": as_hex(session_id),
        "device": device,
    }
    gen = _put_holder(
        transaction,
        sql.MAKE_SEAT if slot == occupancy.rows else sql.TAKE_SEAT,
        {**seat, "ends": end_text, "unnamed_ends": None if call.instance_id else end_text},
    )
    occupancy.granted(slot, end)
    _begin_session(transaction, {**seat, "gen": gen}, call, end)
    if call.instance_id != UNNAMED:
        _put_instance(transaction, call, seat, end)
    return Lease(
        terms=terms,
        session_id=session_id,
        device=device,
        gen=gen,
        lease_expires_at=end,
        now=transaction.now,
        is_new=True,
        seq=1 if call.wants_token else None,
        in_use=occupancy.live,
    )


def _claim(transaction: Transaction, terms: Terms, preferred: int | None) -> int:
    """Return a free slot under the cap, freed for the purpose if its lease has lapsed.

    The device's own former slot first, then released ones, then one never used; a lapsed
    holder's seat goes last, so that holders who come back late find theirs.
    """
    occupancy = transaction.occupancy(terms)
    if not may_grant(live=occupancy.live, cap=terms.cap):
        raise _exhausted(transaction, terms, occupancy.live, occupancy.earliest_free())
    if preferred is not None and preferred < terms.cap:
        return preferred
    seats = {"tenant": as_hex(terms.tenant_id), "license": as_hex(terms.license_id)}
    if free := transaction.one(sql.FREE_SLOT, **seats, cap=terms.cap):
        return int(free[0])
    if occupancy.rows < terms.cap:
        return occupancy.rows
    return _reclaim(transaction, terms, occupancy)


def _reclaim(transaction: Transaction, terms: Terms, occupancy: Occupancy) -> int:
    slot = occupancy.claimable(terms.cap)
    if slot is None:  # more had lapsed than one scan remembers, and those are used up
        transaction.forget_occupancy(as_hex(terms.license_id))
        slot = transaction.occupancy(terms).claimable(terms.cap)
    seat = {"tenant": as_hex(terms.tenant_id), "license": as_hex(terms.license_id)}
    session, lapsed_at = transaction.one(sql.SEAT, **seat, slot=slot) or (None, None)
    if slot is None or session is None:
        raise AssertionError("a license with fewer live seats than its cap has none to claim")
    transaction.end_session(
        **seat,
        slot=slot,
        session=session,
        reason="taken_over",
        lease_expires_at=as_instant(lapsed_at),
    )
    return slot


def _exhausted(
    transaction: Transaction, terms: Terms, in_use: int, free_at: datetime
) -> SeatsExhausted:
    transaction.count_denial(terms, "seats_exhausted")
    wait_seconds = (free_at - transaction.now).total_seconds()
    return SeatsExhausted(
        total=terms.seats, in_use=in_use, retry_after_seconds=max(1, int(wait_seconds) + 1)
    )


def _put_holder(transaction: Transaction, statement: str, holder: dict[str, Any]) -> int:
    """Put a holder on a seat and return its gen; a seat that is held already is a defect."""
    put = transaction.one(statement, **holder)
    if put is None:
        raise AssertionError("the seat that was to be taken is not free")
    return int(put[0])


def _begin_session(
    transaction: Transaction, session: dict[str, Any], call: Acquire, end: datetime
) -> None:
    principal = call.caller.principal
    life = _NO_TOKEN if call.instance_id else _token_life(transaction, call, end)
    transaction.run(
        sql.BEGIN_SESSION,
        **session,
        principal=principal,
        metadata=call.metadata_json,
        now=transaction.now_text,
        seq=1 if call.wants_token else 0,
        **life,
    )
    transaction.record(
        "seat.granted",
        tenant=session["tenant"],
        license=session["license"],
        session=session["session"],
        principal=principal,
        slot=session["slot"],
        gen=session["gen"],
    )


def _make_room_for_instance(
    transaction: Transaction, terms: Terms, own: Holding, instance_id: str
) -> None:
    of_session = {"tenant": as_hex(terms.tenant_id), "session": as_hex(own.session_id)}
    others = {**of_session, "instance": instance_id}
    (known,) = transaction.one(sql.COUNT_OTHER_INSTANCES, **others) or (0,)
    if known < MOST_INSTANCES_PER_DEVICE:
        return
    transaction.run(sql.FORGET_LAPSED_INSTANCES, **of_session, now=as_text(transaction.now))
    (known,) = transaction.one(sql.COUNT_OTHER_INSTANCES, **others) or (0,)
    if known >= MOST_INSTANCES_PER_DEVICE:
        raise TooManyInstances(f"{known} instances share this device's seat already")


def _note_token(
    transaction: Transaction, call: Acquire, *, terms: Terms, own: Holding, end: datetime
) -> int | None:
    """Move the instance's share of the lease, count a token if one is wanted; return its seq."""
    of_session = {"tenant": as_hex(terms.tenant_id), "session": as_hex(own.session_id)}
    seq = own.seq + 1 if call.wants_token else None
    if call.instance_id != UNNAMED:
        _put_instance(transaction, call, of_session, end)
        if seq:
            transaction.run(sql.NOTE_SEQ, **of_session, seq=seq)
    elif seq:
        life = _token_life(transaction, call, end)
        transaction.run(sql.NOTE_UNNAMED_SEQ, **of_session, seq=seq, **life)
    return seq


def _put_instance(
    transaction: Transaction, call: Acquire, of_session: dict[str, Any], end: datetime
) -> None:
    transaction.run(
        sql.PUT_INSTANCE,
        tenant=of_session["tenant"],
        session=of_session["session"],
        instance=call.instance_id,
        ends=as_text(end),
        **_token_life(transaction, call, end),
    )


def _token_life(transaction: Transaction, call: Acquire, end: datetime) -> dict[str, str | None]:
    if not call.wants_token:
        return _NO_TOKEN
    ends = token_end(end, call.latest_token_end)
    return {"issued": transaction.now_text, "token_ends": as_text(ends)}
