"""The terms of licenses as statements answer them: text that all sessions of a license share."""

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import structs

from leasing.rules import Terms
from leasing.stores.sql.transaction import as_dashed, as_hex

_MOST_READ: Final = 2_000
_TERMS: Final = msgspec.json.Decoder(Terms)


def read_terms(text: msgspec.Raw) -> Terms:
    """Return what a JSON array says of a license; its ids may come with dashes or without.

    The same text says the same, so it is read once: nothing here can be out of date.
    """
    return _read(bytes(text))


@lru_cache(maxsize=_MOST_READ)
def _read(text: bytes) -> Terms:
    terms = _TERMS.decode(text)
    return structs.replace(
        terms,
        tenant_id=as_dashed(as_hex(terms.tenant_id)),
        license_id=as_dashed(as_hex(terms.license_id)),
    )
