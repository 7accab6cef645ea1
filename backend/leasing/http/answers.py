"""The answers of the contract as typed values; what is not there is left out, never null."""

from random import Random
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from foundation.clock import rfc3339
from leasing.http.messages import Response
from leasing.store import Lease, SessionState
from signing.seals import SealedToken

_ENCODER: Final = msgspec.json.Encoder()
_SPREAD: Final = Random()  # noqa: S311  it spreads load, it guards nothing
_EARLIEST_SHARE: Final = 0.9


class Seats(Struct, frozen=True):
    """How many seats a license has, and how many are held."""

    total: int
    in_use: int


class LeaseAnswer(Struct, frozen=True):
    """A seat held. The right to run ends where the signed documents say, not here."""

    session_id: str
    lease_expires_at: str
    heartbeat_interval_seconds: int
    next_heartbeat_in_seconds: float
    seats: Seats | UnsetType = UNSET
    license_data: dict[str, str] | UnsetType = UNSET
    license_token: str | UnsetType = UNSET
    delegation: str | UnsetType = UNSET


class SessionAnswer(Struct, frozen=True):
    """The state of a session."""

    session_id: str
    license_id: str
    tier: str
    state: str
    started_at: str
    lease_expires_at: str
    instances: tuple[str, ...]
    ended_at: str | UnsetType = UNSET
    end_reason: str | UnsetType = UNSET


def lease_answer(
    lease: Lease,
    *,
    sealed: SealedToken | None,
    known_kid: str | None,
    license_data: dict[str, str] | None = None,
) -> LeaseAnswer:
    """Return what the caller is told of its lease.

    The delegation is left out when the caller has it already. The next heartbeat is spread
    over the last tenth of the interval, so that a herd does not stay one.
    """
    interval = lease.terms.heartbeat_interval_seconds
    show_delegation = sealed is not None and sealed.key_id != known_kid
    return LeaseAnswer(
        session_id=lease.session_id,
        lease_expires_at=rfc3339(lease.lease_expires_at),
        heartbeat_interval_seconds=interval,
        next_heartbeat_in_seconds=round(interval * _SPREAD.uniform(_EARLIEST_SHARE, 1), 1),
        seats=UNSET if lease.in_use is None else Seats(lease.terms.seats, lease.in_use),
        license_data=license_data or UNSET,
        license_token=sealed.token if sealed else UNSET,
        delegation=sealed.delegation if sealed and show_delegation else UNSET,
    )


def session_answer(state: SessionState) -> SessionAnswer:
    """Return what the caller is told of a session."""
    return SessionAnswer(
        session_id=state.session_id,
        license_id=state.license_id,
        tier=state.tier,
        state="active" if state.ended_at is None else "ended",
        started_at=rfc3339(state.started_at),
        lease_expires_at=rfc3339(state.lease_expires_at),
        instances=state.instances,
        ended_at=rfc3339(state.ended_at) if state.ended_at else UNSET,
        end_reason=state.end_reason or UNSET,
    )


def json_response(
    value: Struct | dict[str, Any], status: int = 200, *, outcome: str = "answered"
) -> Response:
    """Return a value as a JSON response; ``outcome`` is for the log."""
    return Response(status, _ENCODER.encode(value), outcome=outcome)
