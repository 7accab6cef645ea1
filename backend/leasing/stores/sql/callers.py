"""Which tenant a call acts in. Only the credential decides, never the body."""

from collections.abc import Iterable, Mapping
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from coditect_license_token import hardware_binding
from identity.errors import IdentityError, InvalidCredential, MissingCredential
from leasing.errors import LeasingError, LicenseUnknown, SessionUnknown
from leasing.rules import Terms, is_person
from leasing.store import (
    Acquire,
    Borrow,
    Caller,
    ForceRelease,
    Heartbeat,
    Inspect,
    Outcome,
    Reinstate,
    Release,
)
from leasing.stores.sql.changes import ENCODER
from leasing.stores.sql.terms import read_terms
from leasing.stores.sql.transaction import TermsAsked, Transaction, as_hex
from licenses.errors import LicenseRefused

REFUSALS: Final = (LeasingError, LicenseRefused, IdentityError)
"""What a call is told for an outcome; any other error fails the batch."""

_Call = TypeVar("_Call", Heartbeat, Reinstate, Release, ForceRelease, Borrow, Inspect)


class Admitted(Struct, Generic[_Call], frozen=True, gc=False):
    """A call whose caller acts in ``tenant`` and may touch no license but ``only_license``, if
    bound to one, both as stored.
    """

    call: _Call
    tenant: str
    only_license: str | None


_TERMS: Final = msgspec.json.Decoder(list[tuple[int, msgspec.Raw]])
_NO_KEY_AUTH: Final = "this license does not take its key as a credential"


def learn_terms(transaction: Transaction, calls: Iterable[Acquire]) -> None:
    """Read the terms that acquires ask for and nobody knows yet, all at once."""
    unknown = list({asked for asked in map(_asked, calls) if asked not in transaction.terms})
    wanted = [
        (place, as_hex(tenant) if tenant else None, hmac)
        for place, (tenant, hmacs) in enumerate(unknown)
        for hmac in hmacs
    ]
    for place, text in _TERMS.decode(transaction.found(transaction.sql.TERMS, wanted)):
        transaction.terms[unknown[place]] = read_terms(text)


def terms_for_acquire(transaction: Transaction, call: Acquire) -> Terms:
    """Return the terms of the license an acquire asks for, which were learned before.

    Raises LicenseUnknown when the caller's tenant has no such license. With a key as the
    credential, InvalidCredential when no license has it and MissingCredential when its policy does
    not let the key stand for a login.
    """
    terms, by_key = transaction.terms.get(_asked(call)), call.caller.tenant_id is None
    if terms is None:
        raise InvalidCredential("unknown license key") if by_key else LicenseUnknown("no license")
    if by_key and not terms.key_auth:
        raise MissingCredential(_NO_KEY_AUTH)
    return terms


def _asked(call: Acquire) -> TermsAsked:
    tenant = call.caller.tenant_id
    return tenant, call.caller.key_hmacs if tenant is None else call.key_hmacs


def admit(
    transaction: Transaction, calls: Mapping[int, _Call]
) -> tuple[dict[int, Admitted[_Call]], dict[int, Outcome]]:
    """Return the calls whose caller may act somewhere, and why the others may not.

    All keys shown as credentials are looked up at once.
    """
    shown = _licenses_of_keys(transaction, [call.caller for call in calls.values()])
    admitted: dict[int, Admitted[_Call]] = {}
    refused: dict[int, Outcome] = {}
    for place, call in calls.items():
        try:
            admitted[place] = Admitted(call, *_bounds(call.caller, shown))
        except IdentityError as error:
            refused[place] = error
    return admitted, refused


_Shown = dict[str, tuple[str, str, bool]]


def _licenses_of_keys(transaction: Transaction, callers: Iterable[Caller]) -> _Shown:
    hmacs = {hmac for caller in callers if caller.tenant_id is None for hmac in caller.key_hmacs}
    if not hmacs:
        return {}
    found = transaction.run(transaction.sql.LICENSES_OF_KEYS, hmacs=ENCODER.encode(hmacs).decode())
    return {hmac: (tenant, license_, key_auth) for hmac, tenant, license_, key_auth in found}


def _bounds(caller: Caller, shown: _Shown) -> tuple[str, str | None]:
    if caller.tenant_id is not None:
        return as_hex(caller.tenant_id), None
    for hmac in caller.key_hmacs:
        if hmac in shown:
            tenant, license_, key_auth = shown[hmac]
            if not key_auth:
                raise MissingCredential(_NO_KEY_AUTH)
            return tenant, license_
    raise InvalidCredential("unknown license key")


def person_of(terms: Terms, caller: Caller) -> str | None:
    """Return the binding of a person to a license, which names nobody, or None for others."""
    if caller.tenant_id is None or not is_person(caller.principal):
        return None
    return hardware_binding(terms.license_id, caller.principal)


def check_license(only: str | None, license: str) -> None:
    """Raise SessionUnknown when a caller bound to one license reaches for another's session."""
    if only is not None and only != license:
        raise SessionUnknown("no such session")
