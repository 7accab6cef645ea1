"""The seats of the fake: who holds one, until when. Its caller locks and reads the clock."""

import uuid
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Session:
    """A device on a seat. `instances` are the programs of the device that use it."""

    session_id: str
    hardware_id: str
    gen: int
    lease_expires_at: int
    seq: int = 0
    instances: set[str] = field(default_factory=set)


class Ledger:
    """All sessions of one license. Times are seconds since the epoch."""

    def __init__(self, *, seats: int, lease_seconds: int) -> None:
        self.seats = seats
        self.lease_seconds = lease_seconds
        self._live: dict[str, Session] = {}
        self._honored: dict[str, Session] = {}
        self._ended: dict[str, str] = {}
        self._devices: dict[str, str] = {}
        self._grants = 0

    def live(self, now: float) -> list[Session]:
        """List who holds a seat, ending what has lapsed."""
        for session in list(self._live.values()):
            if session.lease_expires_at <= now:
                self.end(session.session_id, reason="expired")
        for session in list(self._honored.values()):
            if session.lease_expires_at <= now:
                self.end(session.session_id, reason="taken_over")
        return list(self._live.values())

    def acquire(
        self, hardware_id: str, instance_id: str, now: float
    ) -> tuple[Session, bool] | None:
        """Give the device its seat and whether it is new; None: all are held."""
        held = [one for one in self.live(now) if one.hardware_id == hardware_id]
        if not held and len(self._live) >= self.seats:
            return None
        session = held[0] if held else self._claim(hardware_id)
        session.instances.add(instance_id)
        self._extend(session, now)
        return session, not held

    def renew(self, session_id: str, instance_id: str | None, now: float) -> Session | None:
        """Move the lease of a live session; None when there is none."""
        self.live(now)
        session = self._live.get(session_id)
        if session is not None:
            session.instances |= {instance_id} if instance_id else set()
            self._extend(session, now)
        return session or self._honored.get(session_id)

    def release(self, session_id: str, instance_id: str | None, now: float) -> bool:
        """Take a program off its seat; false if the session was never known."""
        self.live(now)
        session = self._live.get(session_id)
        if session is None:
            return session_id in self._ended
        session.instances -= {instance_id} if instance_id else session.instances
        if not session.instances:
            self.end(session_id, reason="released")
        return True

    def end(self, session_id: str, *, reason: str) -> None:
        """Free the seat and remember why."""
        self._live.pop(session_id, None)
        self._honored.pop(session_id, None)
        self._ended[session_id] = reason

    def forget(self) -> None:
        """Lose every row, as a restore from an old backup does."""
        self._live.clear()
        self._honored.clear()
        self._ended.clear()

    def why_ended(self, session_id: str) -> str | None:
        """Say why a session is over; None: it was never known."""
        return self._ended.get(session_id)

    def find(self, session_id: str, now: float) -> Session | None:
        """Give a live session."""
        self.live(now)
        return self._live.get(session_id)

    def reinstate(self, session_id: str, now: float, *, until: int) -> Session | None:
        """Bring back a lost row for a caller who proved that it was theirs.

        Where the seat is another's by now, the proof is honored to its own end, and no longer.
        """
        hardware_id = self._devices.get(session_id)
        if hardware_id is None:
            return None
        holders = {session.hardware_id for session in self.live(now)}
        session = self._session(hardware_id, session_id, until)
        if hardware_id in holders or len(holders) >= self.seats:
            self._honored[session_id] = session
            return session
        self._live[session_id] = session
        self._extend(session, now)
        return session

    def _claim(self, hardware_id: str) -> Session:
        session = self._session(hardware_id, str(uuid.uuid4()), 0)
        self._live[session.session_id] = session
        self._devices[session.session_id] = hardware_id
        return session

    def _session(self, hardware_id: str, session_id: str, lease_expires_at: int) -> Session:
        self._grants += 1
        return Session(
            session_id=session_id,
            hardware_id=hardware_id,
            gen=self._grants,
            lease_expires_at=lease_expires_at,
        )

    def _extend(self, session: Session, now: float) -> None:
        session.lease_expires_at = max(session.lease_expires_at, int(now) + self.lease_seconds)
