"""Which tenant a call acts in. Only the credential decides, never the body."""

import msgspec

from identity.errors import InvalidCredential, MissingCredential
from leasing.errors import LicenseUnknown, SessionUnknown
from leasing.rules import Terms
from leasing.store import Acquire, Caller
from leasing.stores.sqlite import statements as sql
from leasing.stores.sqlite.transaction import ENCODER, Transaction, as_hex

_TERMS = msgspec.json.Decoder(Terms)


def terms_for_acquire(transaction: Transaction, call: Acquire) -> Terms:
    """Return the terms of the license an acquire asks for.

    Raises LicenseUnknown when the caller's tenant has no such license, or, with a key as the
    credential, InvalidCredential and MissingCredential.
    """
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
        raise MissingCredential("this license does not take its key as a credential")
    return terms


def tenant_of(transaction: Transaction, caller: Caller) -> tuple[str, str | None]:
    """Return the tenant a caller acts in, and the only license it may touch, if bound to one.

    Both ids are hexadecimal. Raises what ``terms_of_key`` raises.
    """
    if caller.tenant_id is not None:
        return as_hex(caller.tenant_id), None
    terms = terms_of_key(transaction, caller)
    return as_hex(terms.tenant_id), as_hex(terms.license_id)


def check_license(only: str | None, license: str) -> None:
    """Raise SessionUnknown when a caller bound to one license reaches for another's session."""
    if only is not None and only != license:
        raise SessionUnknown("no such session")
