"""Rate limits decided without a clock: the generic cell rate algorithm (ATM Forum, TM 4.0).

The state of a limit is one instant, ``due``: when its quota is whole again. Each call moves it on
by one interval, and a call is taken while ``due`` is at most a window ahead. So a burst may use a
whole minute's quota at once, afterwards calls are taken as evenly as it fills up again, and an
instant that has passed is the same as none: state forgets itself.
"""

from ipaddress import ip_address, ip_network
from typing import Final

from msgspec import Struct

WINDOW_SECONDS: Final = 60.0
MOST_DEBT_SECONDS: Final = 2 * WINDOW_SECONDS
"""How far ahead ``due`` may be: what several processes took too much is paid back, no more."""

NEVER: Final = float("-inf")
"""The state of a limit that was never used."""

_ROUNDING_SECONDS: Final = (
    1e-6  # in floating point, 600 tenths of a second are a little more than a minute
)
# A provider gives one customer a /56 of IPv6 (RFC 6177), so 256 networks are still one caller.
_RANGE_BITS: Final = {4: 24, 6: 56}
_UNKNOWN_RANGE: Final = "unknown"


class Limit(Struct, frozen=True, gc=False):
    """``per_minute`` calls a minute, counted for each subject under the policy ``name``."""

    name: str
    per_minute: int
    interval_seconds: float


class Decision(Struct, frozen=True, gc=False):
    """``due`` is the state afterwards; ``wait_seconds`` is 0 for a call that is taken."""

    due: float
    wait_seconds: float = 0.0


def limit(name: str, per_minute: int) -> Limit:
    """Return a limit of at least one call a minute. Raises ValueError below that."""
    if per_minute < 1:
        raise ValueError("a limit takes at least one call a minute")
    return Limit(name, per_minute, WINDOW_SECONDS / per_minute)


def decide(limit: Limit, due: float, now: float, *, kept_back: float = 0.0) -> Decision:
    """Decide about one call at ``now``; ``due`` is the state before, in seconds of any one clock.

    ``kept_back`` is the share of the quota, from 0 to 1, that this call must leave to others.
    """
    after = max(due, now) + limit.interval_seconds
    wait_seconds = after - now - WINDOW_SECONDS * (1.0 - kept_back)
    if wait_seconds > _ROUNDING_SECONDS:
        return Decision(due, wait_seconds)
    return Decision(after)


def address_range(address: str) -> str:
    """Return the range an address is counted with: /24 of IPv4, /56 of IPv6.

    An IPv4 address written as IPv6 counts as IPv4. What is no address is one range.
    """
    try:
        host = ip_address(address.partition("%")[0])
    except ValueError:
        return _UNKNOWN_RANGE
    host = getattr(host, "ipv4_mapped", None) or host
    return str(ip_network((host, _RANGE_BITS[host.version]), strict=False))
