"""What the reference model says a store must answer, and how to compare."""

from copy import copy
from datetime import datetime
from typing import NamedTuple

from leasing.errors import LeaseLost, SeatsExhausted
from leasing.store import ForceReleased, Lease, Outcome, SessionState
from tests.support.customer import Customer


class ModelSession:
    """One device on one seat; each program on it has a share that ends by itself."""

    def __init__(self, customer: Customer, device: str, slot: int | None, gen: int) -> None:
        self.id = ""
        self.customer = customer
        self.device = device
        self.slot = slot
        self.person: str | None = None
        self.gen = gen
        self.shares: dict[str, datetime] = {}
        self.tokens: dict[str, tuple[datetime, datetime]] = {}
        self.seq = 0
        self.started_at: datetime | None = None
        self.borrowed_until: datetime | None = None
        self.is_honored = False
        self.ended_because: str | None = None
        self.ended_at: datetime | None = None

    @property
    def end(self) -> datetime:
        return self.ended_at or max(self.shares.values())

    def is_borrowed(self, now: datetime) -> bool:
        return self.borrowed_until is not None and self.borrowed_until > now

    def has_token_due(self, instance: str, now: datetime) -> bool:
        if instance not in self.tokens:
            return True
        issued, expires = self.tokens[instance]
        return now >= issued + (expires - issued) / 2

    def copy(self) -> "ModelSession":
        """Return the session as it is, for a model that is put back to it."""
        twin = copy(self)
        twin.shares, twin.tokens = dict(self.shares), dict(self.tokens)
        return twin

    def runs_without_seat(self, now: datetime) -> bool:
        return self.is_honored and self.ended_at is not None and self.ended_at > now

    def forget(self, instance: str) -> None:
        self.shares.pop(instance, None)
        self.tokens.pop(instance, None)


class Answer(NamedTuple):
    """What the store must say: the name of its outcome, and what is in it."""

    outcome: str
    session: ModelSession | None = None
    is_new: bool = False
    end: datetime | None = None
    seq: int | None = None
    in_use: int | None = None
    reason: str | None = None
    instances: tuple[str, ...] = ()


def disagreement(answer: Answer, outcome: Outcome) -> str | None:
    """Return how an outcome differs from what it must be, or None.

    The id of a session that is new to the model is adopted.
    """
    if answer.session is not None and answer.is_new and isinstance(outcome, Lease):
        answer.session.id = answer.session.id or outcome.session_id
    expected, seen = _expected(answer), _seen(outcome)
    return None if expected == seen else f"must be {expected}, is {seen}"


def _expected(answer: Answer) -> tuple[object, ...]:
    session = answer.session
    if session is None:
        return (answer.outcome, answer.reason, answer.in_use)
    if answer.outcome == "Lease":
        held = (session.gen, answer.end, answer.is_new, answer.seq, answer.in_use)
        return (answer.outcome, session.id, *held)
    return (answer.outcome, session.id, answer.end, answer.reason, answer.instances)


def _seen(outcome: Outcome) -> tuple[object, ...]:
    name = type(outcome).__name__
    if isinstance(outcome, Lease):
        held = (outcome.gen, outcome.lease_expires_at, outcome.is_new, outcome.seq)
        return (name, outcome.session_id, *held, outcome.in_use)
    if isinstance(outcome, SessionState):
        ended = (outcome.end_reason, outcome.instances)
        return (name, outcome.session_id, outcome.lease_expires_at, *ended)
    if isinstance(outcome, ForceReleased):
        return (name, outcome.session_id, outcome.ended_at, outcome.end_reason, ())
    reason = outcome.reason if isinstance(outcome, LeaseLost) else None
    in_use = outcome.in_use if isinstance(outcome, SeatsExhausted) else None
    return (name, reason, in_use)
