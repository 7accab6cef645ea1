"""Heartbeats: one read and one write for a whole batch of them."""

from typing import Final

import msgspec
from msgspec import Struct

from identity.errors import IdentityError
from leasing.errors import LeaseLost, LeasingError, SessionUnknown
from leasing.store import Heartbeat, Outcome
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.callers import check_license, tenants_of
from leasing.stores.sqlite.renewals import Renewals, Row
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex
from licenses.errors import LicenseRefused


class _Wanted(Struct, frozen=True, gc=False):
    call: Heartbeat
    tenant: str
    only_license: str | None


_ROWS: Final = msgspec.json.Decoder(list[Row])


def renew_all(transaction: Transaction, calls: list[Heartbeat]) -> list[Outcome]:
    """Return one outcome for each heartbeat, in order, and write all renewals."""
    outcomes: list[Outcome | None] = [None] * len(calls)
    wanted: dict[int, _Wanted] = {}
    tenants = tenants_of(transaction, [call.caller for call in calls])
    for position, (call, found) in enumerate(zip(calls, tenants, strict=True)):
        if isinstance(found, IdentityError):
            outcomes[position] = found
        else:
            wanted[position] = _Wanted(call, *found)
    rows = _read(transaction, wanted)
    renewals = Renewals(transaction)
    for position, want in wanted.items():
        outcomes[position] = _decide(transaction, renewals, want, rows.get(position))
    renewals.write()
    return [outcome for outcome in outcomes if outcome is not None]


def _read(transaction: Transaction, wanted: dict[int, _Wanted]) -> dict[int, Row]:
    questions = [
        (position, want.tenant, as_hex(want.call.session_id), want.call.instance_id)
        for position, want in wanted.items()
    ]
    row = transaction.one(sql.HOLDINGS, wanted=ENCODER.encode(questions).decode())
    return {found.position: found for found in _ROWS.decode(row[0])} if row else {}


def _decide(
    transaction: Transaction, renewals: Renewals, want: _Wanted, row: Row | None
) -> Outcome:
    try:
        if row is None:
            raise how_it_ended(transaction, want.tenant, want.only_license, want.call.session_id)
        check_license(want.only_license, as_hex(row.terms.license_id))
        return renewals.decide(want.call, row)
    except (LeasingError, LicenseRefused) as error:
        return error


def how_it_ended(
    transaction: Transaction, tenant: str, only_license: str | None, session_id: str
) -> LeasingError:
    """Return LeaseLost for a session that ended, SessionUnknown for one that never was."""
    row = transaction.one(sql.SESSION, tenant=tenant, session=as_hex(session_id))
    if row is None or (only_license is not None and row[0] != only_license):
        return SessionUnknown("no such session")
    return LeaseLost(row[5])
