"""The audit's stream: each entry of every chain as a line of the log, once it is sealed.

A line is written after its entry was committed, and only then noted: a process that dies between
the two has it written again, byte for byte. None is skipped: a gap in the positions is a finding.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Struct, field

from audit.models import AuditEntry, AuditHead
from foundation.clock import rfc3339_now
from tenants.current import tenant_transaction

MOST_AT_ONCE: Final = 500
"""More than one page of the sealer, so that a stream that is behind comes nearer."""


class AuditLine(Struct, frozen=True, gc=False):
    """One entry as docs/audit.md has it: ``entry`` is the very text that ``hash`` is made of.

    ``insert_id`` and ``time`` are the event's, whenever it is written: Cloud Logging shows lines
    that agree in both once.
    """

    time: str
    action: str
    tenant_id: str
    position: int
    hash: str
    entry: str
    insert_id: str = field(name="logging.googleapis.com/insertId")
    severity: str = "NOTICE"
    message: str = "audit"
    stream: str = "audit"


class _Told(Struct, frozen=True, gc=False):
    """What a line repeats of its entry."""

    at: str
    action: str


_DECODER: Final = msgspec.json.Decoder(_Told)


class AuditStream:
    """Follows every chain, for one thread. ``write`` returns whether all lines have left."""

    def __init__(self, write: Callable[[Sequence[AuditLine]], bool]) -> None:
        self._write = write

    def follow(self, chain: AuditHead) -> None:
        """Write what is sealed and was not written, up to MOST_AT_ONCE entries; blocks.

        Outside of any transaction. Raises DatabaseError: what was written and could not be noted is
        written again.
        """
        if chain.streamed_size >= chain.size:
            return
        with tenant_transaction(chain.tenant_id):
            rows = list(_unwritten(chain))
        if rows and self._write([_line(row) for row in rows]):
            with tenant_transaction(chain.tenant_id):
                _note(chain, rows[-1].position)


def _unwritten(chain: AuditHead) -> Sequence[AuditEntry]:
    beyond = AuditEntry.objects.filter(tenant_id=chain.tenant_id, position__gt=chain.streamed_size)
    return beyond.order_by("position")[:MOST_AT_ONCE]  # type: ignore[return-value]


def _note(chain: AuditHead, position: int) -> None:
    behind = AuditHead.objects.filter(tenant_id=chain.tenant_id, streamed_size__lt=position)
    behind.update(streamed_size=position)


def _line(row: AuditEntry) -> AuditLine:
    told = _told(row.entry)
    return AuditLine(
        time=told.at,
        action=told.action,
        tenant_id=str(row.tenant_id),
        position=row.position,
        hash=row.hash,
        entry=row.entry,
        insert_id=str(row.event_id),
    )


def _told(entry: str) -> _Told:
    """Return when and what. The line of an entry that somebody spoiled leaves all the same."""
    try:
        return _DECODER.decode(entry)
    except msgspec.DecodeError:
        return _Told(rfc3339_now(), "unreadable")
