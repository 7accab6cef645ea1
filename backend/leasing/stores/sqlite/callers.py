"""Which tenant a call acts in. Only the credential decides, never the body."""

from collections.abc import Sequence
from typing import Final

import msgspec

from identity.errors import IdentityError, InvalidCredential, MissingCredential
from leasing.errors import LicenseUnknown, SessionUnknown
from leasing.rules import Terms
from leasing.store import Acquire, Caller
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex

Bounds = tuple[str, str | None]
"""The tenant a caller acts in and the only license it may touch, if bound to one, as stored."""

_TERMS = msgspec.json.Decoder(Terms)
_NO_KEY_AUTH: Final = "this license does not take its key as a credential"


def terms_for_acquire(transaction: Transaction, call: Acquire) -> Terms:
    """Return the terms of the license an acquire asks for.

    Raises LicenseUnknown when the caller's tenant has no such license, or, with a key as the
    credential, InvalidCredential and MissingCredential.
    """
    tenant = call.caller.tenant_id
    asked = (tenant, call.caller.key_hmacs if tenant is None else call.key_hmacs)
    terms = transaction.terms.get(asked)
    if terms is None:
        terms = transaction.terms[asked] = _read_terms(transaction, call)
    return terms


def _read_terms(transaction: Transaction, call: Acquire) -> Terms:
    if call.caller.tenant_id is None:
        return terms_of_key(transaction, call.caller)
    row = transaction.one(
        sql.TERMS_BY_KEY_IN_TENANT,
        tenant=as_hex(call.caller.tenant_id),
        hmacs=ENCODER.encode(call.key_hmacs).decode(),
    )
    if row is None:
        raise LicenseUnknown("no such license")
    return _TERMS.decode(row[0])


def terms_of_key(transaction: Transaction, caller: Caller) -> Terms:
    """Return the terms of the license whose key is the credential.

    Raises InvalidCredential when no license has the key and MissingCredential when its policy
    does not let the key stand for a login.
    """
    hmacs = ENCODER.encode(caller.key_hmacs).decode()
    row = transaction.one(sql.TERMS_BY_KEY, hmacs=hmacs)
    if row is None:
        raise InvalidCredential("unknown license key")
    terms = _TERMS.decode(row[0])
    if not terms.key_auth:
        raise MissingCredential(_NO_KEY_AUTH)
    return terms


def tenant_of(transaction: Transaction, caller: Caller) -> Bounds:
    """Return where a caller may act.

    Raises InvalidCredential and MissingCredential for a key that is unknown, or no credential.
    """
    (found,) = tenants_of(transaction, [caller])
    if isinstance(found, IdentityError):
        raise found
    return found


def tenants_of(transaction: Transaction, callers: Sequence[Caller]) -> list[Bounds | IdentityError]:
    """Return where each caller may act, or why it may not, with one look at all keys shown."""
    hmacs = {hmac for caller in callers if caller.tenant_id is None for hmac in caller.key_hmacs}
    shown: dict[str, tuple[str, str, bool]] = {}
    if hmacs:
        found = transaction.run(sql.LICENSES_OF_KEYS, hmacs=ENCODER.encode(hmacs).decode())
        shown = {hmac: (tenant, license_, auth) for hmac, tenant, license_, auth in found}
    return [_bounds(caller, shown) for caller in callers]


def _bounds(caller: Caller, shown: dict[str, tuple[str, str, bool]]) -> Bounds | IdentityError:
    if caller.tenant_id is not None:
        return as_hex(caller.tenant_id), None
    for hmac in caller.key_hmacs:
        if hmac in shown:
            tenant, license_, key_auth = shown[hmac]
            return (tenant, license_) if key_auth else MissingCredential(_NO_KEY_AUTH)
    return InvalidCredential("unknown license key")


def check_license(only: str | None, license: str) -> None:
    """Raise SessionUnknown when a caller bound to one license reaches for another's session."""
    if only is not None and only != license:
        raise SessionUnknown("no such session")
