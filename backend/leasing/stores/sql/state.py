"""The state of a ledger: when it was last alive, and the hold of reclaims, as stored."""

from datetime import datetime

from leasing.rules import Hold
from leasing.stores.sql.transaction import as_instant, as_text


def hold_from(since: str | None, silent_since: str | None) -> Hold | None:
    """Return the hold that was stored, if there was one."""
    if since is None or silent_since is None:
        return None
    return Hold(as_instant(since), as_instant(silent_since))


def state_values(now: datetime, hold: Hold | None) -> dict[str, str | None]:
    """Return what is stored of a ledger that is alive now."""
    return {
        "alive": as_text(now),
        "hold_since": as_text(hold.since) if hold else None,
        "silent_since": as_text(hold.silent_since) if hold else None,
    }
