"""The addresses of the leasing plane, and the patterns that stand for them in figures."""

from typing import Final

from leasing.counts import UNKNOWN

ACQUIRE: Final = "/api/v1/licenses/acquire"
SESSIONS: Final = "/api/v1/licenses/sessions/"
KEYS: Final = "/api/v1/licenses/keys"
JWKS: Final = "/.well-known/jwks.json"
HEALTH: Final = "/health"
FIXED: Final = frozenset({ACQUIRE, KEYS, HEALTH, f"{HEALTH}/live", f"{HEALTH}/ready"})
"""Addresses that may end with a slash."""

_HEARTBEAT: Final = "/heartbeat"
_PATTERNS: Final = {
    **{path: f"{path}/" for path in FIXED},
    **{f"{path}/": f"{path}/" for path in FIXED},
    JWKS: JWKS,
}
_OF_SESSION: Final = f"{SESSIONS}{{session_id}}/"
_OF_HEARTBEAT: Final = f"{SESSIONS}{{session_id}}{_HEARTBEAT}/"


def is_leasing_path(path: str) -> bool:
    """Tell whether the leasing plane answers an address."""
    return path.startswith(SESSIONS) or path.removesuffix("/") in FIXED or path == JWKS


def route_of(path: str) -> str:
    """Return the pattern of an address: one of nine, ``unknown`` among them."""
    if not path.startswith(SESSIONS):
        return _PATTERNS.get(path, UNKNOWN)
    rest = path.removesuffix("/")
    session_id = rest.removesuffix(_HEARTBEAT)
    if "/" in session_id[len(SESSIONS) :]:
        return UNKNOWN
    return _OF_SESSION if session_id == rest else _OF_HEARTBEAT
