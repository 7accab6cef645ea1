"""The protocol of every store, and what goes in and comes out.

A store applies a batch of calls in one transaction. Each call has its own outcome: a value, or
the error it would raise, so one bad call never fails its neighbours. A batch is decided kind by
kind: heartbeats, releases, forced releases, reinstatements, acquires, reads, loans. Its calls came
at the same time, so any order is a true one, and in this order what is given back is free for
those who ask.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from leasing.rules import UNNAMED, Evidence, Terms


class Caller(Struct, frozen=True, gc=False):
    """Who calls. Either a verified principal of a tenant, or whoever shows a licence key.

    ``principal`` is the audit label. With a key as the credential, ``tenant_id`` is None and
    ``key_hmacs`` are its HMACs under every pepper; the store finds out whether one is known.
    """

    principal: str
    tenant_id: str | None = None
    key_hmacs: tuple[str, ...] = ()


class Acquire(Struct, frozen=True, gc=False):
    """Take a seat of the license with this key for this device, or come back to it.

    ``key_hmacs`` are the HMACs of the key in the body. ``metadata_json`` is kept with the
    session. ``wants_token`` counts a token as signed, which ends with the lease or at
    ``latest_token_end``, whichever comes first. A new seat counts against the caller's personal
    cap, unless it is ``for_another``: who hands seats out does not hold them.
    """

    caller: Caller
    key_hmacs: tuple[str, ...]
    hardware_id: str
    instance_id: str = UNNAMED
    metadata_json: str = "{}"
    wants_token: bool = True
    latest_token_end: datetime | None = None
    for_another: bool = False


class Heartbeat(Struct, frozen=True, gc=False):
    """Move the lease of a session, or of one instance of it, one TTL on.

    A token that is signed for it ends with the lease or at ``latest_token_end``.
    """

    caller: Caller
    session_id: str
    instance_id: str = UNNAMED
    wants_token: bool = False
    latest_token_end: datetime | None = None


class Reinstate(Struct, frozen=True, gc=False):
    """Renew a session that the ledger does not know, on the evidence of its last token.

    The token was verified but for the present: whether it is in force, the store says.
    """

    heartbeat: Heartbeat
    evidence: Evidence

    @property
    def caller(self) -> Caller:
        """Who makes the heartbeat."""
        return self.heartbeat.caller


class Release(Struct, frozen=True, gc=False):
    """Give a seat back, or one instance's share of it.

    With ``unless_joined_since``, the seq of a grant, nothing happens when anybody has come back to
    the session after that grant: a program of the device in any process, or the caller itself.

    A loan that runs is not given back: its file cannot be taken back. The programs of the device
    let go of the seat, and the loan holds it to its end (S10). Only with ``unless_joined_since``,
    when nobody can have a file, is the loan given back too.
    """

    caller: Caller
    session_id: str
    instance_id: str = UNNAMED
    unless_joined_since: int | None = None


class Inspect(Struct, frozen=True, gc=False):
    """Read the state of a session."""

    caller: Caller
    session_id: str


class ForceRelease(Struct, frozen=True, gc=False):
    """End a session over its holder's head, with all its instances, and free its seat.

    That the caller may do so was decided before. Repeating it changes nothing. A session whose seat
    is borrowed ends only for a caller who knows that, ``even_if_borrowed``: until the end of its
    file one seat serves two devices then.
    """

    caller: Caller
    session_id: str
    even_if_borrowed: bool = False


class Borrow(Struct, frozen=True, gc=False):
    """Hold the seat of a session until an instant, whoever of the device beats or releases.

    For who has signed a file that runs until then and has not handed it out yet; ``key_id`` names
    the key that signed it. The policy of the license is checked here, in the transaction that
    counts the seat.
    """

    caller: Caller
    session_id: str
    until: datetime
    key_id: str


Call = Acquire | Heartbeat | Reinstate | Release | ForceRelease | Borrow | Inspect


class Lease(Struct, frozen=True, gc=False):
    """A seat held, as committed. ``now`` is the store's instant of the decision.

    ``seq`` is None when no token is due; ``in_use`` is only counted for an acquire.
    """

    terms: Terms
    session_id: str
    device: str
    gen: int
    lease_expires_at: datetime
    now: datetime
    is_new: bool = False
    seq: int | None = None
    in_use: int | None = None


class Released(Struct, frozen=True, gc=False):
    """The share named in the call is held no longer, now or since earlier."""


class ForceReleased(Struct, frozen=True, gc=False):
    """The session has ended, now or earlier.

    ``proofs_expire_at`` is where the last of the documents signed for it can end: its lease as it
    was. Until then its programs may run on, beside the next holder of the seat. It is None when
    this call ended nothing.
    """

    session_id: str
    license_id: str
    ended_at: datetime
    end_reason: str
    proofs_expire_at: datetime | None


class SessionState(Struct, frozen=True, gc=False):
    """What is known about a session. ``ended_at`` is None while it holds its seat."""

    session_id: str
    license_id: str
    tier: str
    started_at: datetime
    lease_expires_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    instances: tuple[str, ...]


Outcome = Lease | Released | ForceReleased | SessionState | Exception


class PageEnd(Struct, frozen=True, gc=False):
    """Where one page of seats ends and the next begins; ids as stored, 32 hexadecimal digits."""

    tenant: str
    license: str
    slot: int


class Extension(Struct, frozen=True, gc=False):
    """Have the live leases of one page of seats end ``seconds`` from now, where that is later.

    Those of ``spared_tenants`` stay as they are, and so do leases of licenses that are not active.
    ``after`` is where the page before ended. ``principal`` and ``incident`` go into the audit.
    """

    seconds: int
    principal: str
    incident: str
    spared_tenants: tuple[str, ...] = ()
    most_seats: int = 500
    after: PageEnd | None = None


class Extended(Struct, frozen=True, gc=False):
    """How many leases of a page end later, and where; ``last`` is None for the page after all."""

    leases: int
    tenants: frozenset[str]
    until: datetime
    longest_heartbeat_interval_seconds: int
    last: PageEnd | None


class Store(Protocol):
    """A ledger of seats. Used by one thread at a time."""

    def apply(self, calls: Sequence[Call]) -> list[Outcome]:
        """Decide and commit a batch; one outcome for each call, in order.

        Outcomes are durable when this returns. Raises StoreUnavailable when nothing was
        committed, or when it is not known whether the batch was: repeating it is safe.
        """

    def reap(self, most: int) -> int:
        """End up to ``most`` sessions whose lease has lapsed; return how many were ended.

        Housekeeping: no grant waits for it.
        """

    def tick(self) -> None:
        """Note durably that the ledger is alive."""

    def close(self) -> None:
        """Let go of the ledger."""


class ExtendingStore(Store, Protocol):
    """A ledger whose leases an operator can extend in an incident."""

    def extend(self, asked: Extension) -> Extended:
        """Extend one page in a transaction of its own. Raises StoreUnavailable."""
        ...
