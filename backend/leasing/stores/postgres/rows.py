"""The rows that only PostgreSQL's batches read and change (others: ``stores/sql/rows.py``)."""

from msgspec import Struct

from leasing.rules import Holding


class Held(Struct, frozen=True, array_like=True, gc=False):
    """What a session holds, as a heartbeat reads it.

    ``version`` is that of its license's row; ``seat_at`` is where its seat's row lies.
    """

    place: int
    license: str
    version: str
    holding: Holding
    instance_known: bool
    has_instances: bool
    seat_at: str


class RenewalAt(Struct, frozen=True, array_like=True, gc=False):
    """A renewal of the seat whose row lies at ``seat_at``."""

    tenant: str
    seat_at: str
    ends: str
    unnamed_ends: str | None
    seq: int | None
    token_issued_at: str | None
    token_ends: str | None
    is_shared: bool | None
