"""When documents begin and end, against a time the caller gives."""

from typing import Final

from coditect_license_token.errors import NotInForce

START_LEEWAY_SECONDS: Final = 300
"""How far a verifier's clock may lag behind the issuer's; the same five minutes as Kerberos."""


def require_in_force(*, now: int, starts: int, ends: int, leeway_seconds: int) -> None:
    """Raise NotInForce unless `starts - leeway <= now < ends`.

    The leeway forgives a clock that lags; it never lengthens a document's life.
    """
    if now >= ends:
        raise NotInForce("expired")
    if starts > now + leeway_seconds:
        raise NotInForce("not yet valid")
