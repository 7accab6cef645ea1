"""The way from a root that a client pinned to the one that signs today, over any number of others.

A link is a key set that a root signed while it was the active one, and that names its successor. It
is kept for ever, so its time does not count; the set it leads to must be in force.
"""

from collections.abc import Container, Iterable
from typing import Final

from coditect_license_token.errors import TokenError
from coditect_license_token.keyset import KeySet, open_keyset
from coditect_license_token.roots import Roots

MAX_LINKS: Final = 24  # 95,000 bytes; four a year are six years


def follow_links(
    links: Iterable[str],
    *,
    roots: Roots,
    refused: Container[str] = (),
    issuer: str | None = None,
) -> Roots:
    """Return the roots together with all that can be reached from them.

    `links` are taken in order, oldest first, at most 24; one that does not hold leads nowhere, and
    so does one to or from a key whose id is in `refused`. The result is good for opening a key set
    that is in force, and for nothing else: that set says which of the keys still verify. Does not
    raise.
    """
    reached = Roots(root for root in roots if root.key_id not in refused)
    for _, link in zip(range(MAX_LINKS), links, strict=False):
        opened = _opened(link, reached, issuer)
        named = opened.roots() if opened is not None else Roots()
        reached = Roots([*reached, *(root for root in named if root.key_id not in refused)])
    return reached


def _opened(link: str, roots: Roots, issuer: str | None) -> KeySet | None:
    try:
        return open_keyset(link, roots=roots, now=None, issuer=issuer)
    except TokenError:
        return None  # of a root that is not believed, or not a key set: it leads nowhere
