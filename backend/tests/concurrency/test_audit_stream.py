"""The audit's stream: each entry leaves, in order, whatever ends the process; none is made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection, connections

from audit.sealer import Sealer
from audit.stream import MOST_AT_ONCE, AuditLine, AuditStream
from tests.support.audited import Audit, key_of, tamper


@pytest.fixture(params=["db", "postgres_db"])
def audit(request: pytest.FixtureRequest) -> Audit:
    request.getfixturevalue(request.param)
    return Audit()


class Paper:
    """A log that can be full; it keeps what is written, as the pair that names an entry."""

    def __init__(self) -> None:
        self.is_full = False
        self.lines: list[AuditLine] = []

    def write(self, lines: Sequence[AuditLine]) -> bool:
        if not self.is_full:
            self.lines += lines
        return not self.is_full

    @property
    def positions(self) -> list[int]:
        return [line.position for line in self.lines]


class Crash(BaseException):
    """The process ends here."""


def follow(audit: Audit, paper: Paper) -> None:
    """Seal and write in a process that was just started."""
    audit.clock.advance(60)
    Sealer(audit.notary, clock=audit.clock, stream=AuditStream(paper.write)).round()


def follows_until(audit: Audit, paper: Paper, place: int) -> bool:
    """Do so in a process that ends before its statement ``place``; return whether it came there."""
    left = [place]

    def crash_at(execute: Callable[..., Any], *statement: Any) -> Any:
        if left[0] == 0:
            raise Crash
        left[0] -= 1
        return execute(*statement)

    try:
        with connection.execute_wrapper(crash_at):
            follow(audit, paper)
    except Crash:
        connections.close_all()
        return True
    return False


def test_each_line_is_an_entry_of_the_chain_and_says_nothing_about_persons(audit: Audit) -> None:
    paper, others = Paper(), Audit("bob")
    audit.happen("license.issued", "seat.granted", email="bob@example.com", device="canary-7")
    others.happen("license.issued")
    follow(audit, paper)
    follow(audit, paper)

    for one in (audit, others):
        lines = [line for line in paper.lines if line.tenant_id == str(one.tenant.id)]
        assert [(line.position, line.entry, line.hash) for line in lines] == [
            (row.position, row.entry, row.hash) for row in one.entries()
        ]
        for line in lines:
            entry = json.loads(line.entry)
            assert (line.time, line.action, line.insert_id) == (
                *(entry["at"], entry["action"], entry["id"]),
            )
    assert len(paper.lines) == 3
    assert not any(word in repr(paper.lines) for word in ("bob@", "canary", "alice"))


def test_a_process_that_ends_anywhere_skips_no_line_and_repeats_it_as_it_was(audit: Audit) -> None:
    paper, place = Paper(), 0
    audit.happen("license.issued", "seat.granted")
    while follows_until(audit, paper, place):
        audit.happen("seat.granted")
        place += 1
        assert place < 100
    follow(audit, paper)

    entries = audit.entries()
    assert place > 10
    assert {(line.position, line.hash) for line in paper.lines} == {
        (row.position, row.hash) for row in entries
    }
    assert len(paper.lines) > len(set(paper.lines)) == len(entries)
    assert not audit.codes()


def test_a_log_that_is_full_keeps_nobody_from_being_sealed_and_gets_the_rest_later(
    audit: Audit,
) -> None:
    paper = Paper()
    paper.is_full = True
    audit.happen("license.issued")
    follow(audit, paper)
    sealed = len(audit.entries())
    paper.is_full = False
    follow(audit, paper)

    assert sealed == 1
    assert paper.positions == [1]


def test_whoever_is_told_to_stream_later_writes_the_chain_from_its_beginning(audit: Audit) -> None:
    audit.happen(*["seat.granted"] * (MOST_AT_ONCE + 1), seconds=0)
    Sealer(audit.notary, clock=audit.clock).round()
    paper = Paper()

    sealer = Sealer(audit.notary, clock=audit.clock, stream=AuditStream(paper.write))
    sealer.round()
    first = len(paper.lines)
    while len(paper.lines) < MOST_AT_ONCE + 1:
        assert sealer.round().sealed == 0

    assert first in {MOST_AT_ONCE, MOST_AT_ONCE + 1}
    assert paper.positions == [*range(1, MOST_AT_ONCE + 2)]


def test_an_entry_that_was_spoiled_leaves_as_it_is(audit: Audit) -> None:
    audit.happen("license.issued", "seat.granted")
    audit.seal()
    tamper(
        "UPDATE audit_entry SET entry = %s WHERE tenant_id = %s AND position = 1",
        *("{spoiled\n", key_of(audit.tenant.id)),
    )
    paper = Paper()
    follow(audit, paper)

    assert paper.positions == [1, 2]
    assert (paper.lines[0].action, paper.lines[0].entry) == ("unreadable", "{spoiled\n")
