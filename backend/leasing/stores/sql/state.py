"""The state of a ledger: when it was last alive, and the hold of reclaims, as stored."""

from datetime import datetime

from msgspec import Struct

from leasing.rules import Hold, hold_after, hold_seen_at, was_away
from leasing.stores.sql.transaction import as_instant, as_text


class Noted(Struct, frozen=True, gc=False):
    """What a ledger has noted of itself; nothing in one that was never served."""

    last_alive_at: datetime | None = None
    hold: Hold | None = None


def noted_from(last_alive_at: str | None, since: str | None, silent_since: str | None) -> Noted:
    """Return what was stored."""
    hold = None
    if since is not None and silent_since is not None:
        hold = Hold(as_instant(since), as_instant(silent_since))
    return Noted(as_instant(last_alive_at) if last_alive_at else None, hold)


def hold_now(noted: Noted, now: datetime, *, lost_commits: bool) -> Hold | None:
    """Return the hold there is now.

    One begins when the ledger was away, or may have lost commits that were acknowledged.
    """
    hold = hold_seen_at(noted.hold, now)
    if noted.last_alive_at is None:
        return hold
    if lost_commits or was_away(noted.last_alive_at, now):
        return hold_after(min(noted.last_alive_at, now), now, hold)
    return hold


def hold_values(hold: Hold | None) -> dict[str, str | None]:
    """Return what is stored of a hold."""
    return {
        "hold_since": as_text(hold.since) if hold else None,
        "silent_since": as_text(hold.silent_since) if hold else None,
    }
