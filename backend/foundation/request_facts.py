"""What is known of a request while it is answered: for its log line, and for lines beside it."""

import re
from contextvars import ContextVar
from typing import Final

from msgspec import Struct

from foundation.ids import REQUEST_ID_CHARACTERS, new_trace_id
from foundation.trace_context import parse_traceparent

# Hexadecimal, or a UUID: what proxies make, and nothing that a secret or a name could hide in.
_CALLERS_ID: Final = re.compile(
    rb"[0-9A-Fa-f]{16,32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)
CUT_OFF: Final = "cut_off"
"""The outcome of a request that its caller, or the end of the process, broke off."""


class RequestFacts(Struct, gc=False):
    """What a request is called, and what comes to be known of it: who calls, what came of it.

    ``span_id`` is the span in which it is answered, or else the caller's; None where nobody said.
    ``tenant_id`` and ``principal_kind`` are those of the verified credential, never of the body;
    the tenant of a license key is known once this process had something from the ledger for it.
    """

    request_id: str
    trace_id: str
    span_id: str | None = None
    is_sampled: bool = False
    tenant_id: str | None = None
    principal_kind: str | None = None
    outcome: str | None = None


_CURRENT: Final[ContextVar[RequestFacts | None]] = ContextVar("request_facts", default=None)


def begin_request(request_id: bytes | None, traceparent: bytes | None) -> RequestFacts:
    """Return the facts of a request that begins, which the code that answers it then shares.

    ``request_id`` and ``traceparent`` are what its caller says in headers. An id is taken when it
    is hexadecimal, of 16 to 32 digits, or a UUID; it may come twice, and proves nothing. Whatever
    else is there is as if it was not: the request gets an id and a trace of its own.
    """
    trace_id = new_trace_id()
    facts = RequestFacts(trace_id[:REQUEST_ID_CHARACTERS], trace_id)
    if request_id is not None and _CALLERS_ID.fullmatch(request_id):
        facts.request_id = request_id.decode()
    if parent := parse_traceparent(traceparent):
        facts.trace_id, facts.span_id = parent.trace_id, parent.span_id
        facts.is_sampled = parent.is_sampled
    _CURRENT.set(facts)
    return facts


def current_request() -> RequestFacts | None:
    """Return the facts of the request being answered here, or None outside of one."""
    return _CURRENT.get()
