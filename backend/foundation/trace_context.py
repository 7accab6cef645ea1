"""Whose trace a request belongs to, as its caller says: the header ``traceparent``, read strictly.

Source: W3C Trace Context, section 3.2. ``tracestate`` is not read: nobody here asks it anything.
"""

import re
from typing import Final

from msgspec import Struct

_LONGEST: Final = 512
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})"
    rb"-(?!0{16})(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-[ -~]*)?"
)
_SAMPLED: Final = 1


class TraceParent(Struct, frozen=True, gc=False):
    """The trace of a caller and its span there; ``is_sampled`` says whether it is recorded."""

    trace_id: str
    span_id: str
    is_sampled: bool


def parse_traceparent(header: bytes | None) -> TraceParent | None:
    """Return what a header says, or None for one that must be ignored.

    Ids of nothing but zeros, version ``ff``, capitals, and version ``00`` with anything behind it;
    of later versions only what version ``00`` knows is read.
    """
    if header is None or len(header) > _LONGEST:
        return None
    said = _TRACEPARENT.fullmatch(header)
    if said is None or (said["version"] == b"00" and said["more"] is not None):
        return None
    is_sampled = bool(int(said["flags"], 16) & _SAMPLED)
    return TraceParent(said["trace"].decode(), said["span"].decode(), is_sampled)
