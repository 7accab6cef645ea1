"""The rows that batches change. A statement takes many of a kind, as one JSON array of arrays.

Ids are hexadecimal and instants are text, both as Django keeps them in SQLite.
"""

from msgspec import Struct


class End(Struct, frozen=True, array_like=True, gc=False):
    """A session that ends and frees its seat."""

    tenant: str
    license: str
    slot: int
    session: str
    ended_at: str
    reason: str


class Grant(Struct, frozen=True, array_like=True, gc=False):
    """A session that begins, on a seat that is free or was never used.

    ``gen`` is more than the seat's last holder had. ``person`` is the binding of whoever took it.
    """

    tenant: str
    license: str
    slot: int
    session: str
    device: str
    gen: int
    ends: str
    unnamed_ends: str | None
    principal: str
    metadata_json: str
    started_at: str
    seq: int
    token_issued_at: str | None
    token_ends: str | None
    person: str | None
    is_shared: bool


class Renewal(Struct, frozen=True, array_like=True, gc=False):
    """A lease that ends at another instant, with what its tokens count with if one was signed.

    What is None stays as it was noted before, but for ``unnamed_ends``.
    """

    tenant: str
    license: str
    slot: int
    ends: str
    unnamed_ends: str | None
    seq: int | None = None
    token_issued_at: str | None = None
    token_ends: str | None = None
    is_shared: bool | None = None


class RaisedGen(Struct, frozen=True, array_like=True, gc=False):
    """A holder whose gen grows: a later one may have been lost (S6)."""

    tenant: str
    license: str
    slot: int
    session: str
    gen: int


class SignedToken(Struct, frozen=True, array_like=True, gc=False):
    """How many tokens were signed for a session without a seat, and when the last one was."""

    tenant: str
    session: str
    seq: int
    issued_at: str
    ends: str


class SessionShares(Struct, frozen=True, array_like=True, gc=False):
    """The shares of all instances of a session, moved together."""

    tenant: str
    session: str
    ends: str


class Share(Struct, frozen=True, array_like=True, gc=False):
    """One instance's share of a lease, with its last token if one was signed."""

    tenant: str
    session: str
    instance: str
    ends: str
    token_issued_at: str | None = None
    token_ends: str | None = None


class Leaver(Struct, frozen=True, array_like=True, gc=False):
    """One instance that gives its share of a lease back."""

    tenant: str
    session: str
    instance: str


class Record(Struct, frozen=True, array_like=True, gc=False):
    """One audit record; without a session it is about the license as a whole."""

    tenant: str
    id: str
    at: str
    action: str
    principal: str
    license: str
    session: str | None
    details_json: str


class Denials(Struct, frozen=True, array_like=True, gc=False):
    """How many acquires of a license were denied for one reason within one hour."""

    tenant: str
    license: str
    reason: str
    hour: str
    count: int
