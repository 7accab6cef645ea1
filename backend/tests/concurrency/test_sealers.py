"""Sealers that crash, sealers that meet, and events that commit late: each event is sealed once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, connections

from audit.checkpoints import Notary
from audit.sealer import Sealer, SealerThread
from coditect_license_token.checkpoint import NoteKey
from foundation.clock import utc_now
from foundation.ids import new_id
from signing.checkpoint_key import CheckpointKey
from tests.support.audited import NAME, Audit
from tests.support.waiting import until


@pytest.fixture(params=["db", "postgres_db"])
def audit(request: pytest.FixtureRequest) -> Audit:
    request.getfixturevalue(request.param)
    return Audit()


class Crash(BaseException):
    """The process ends here: nothing may catch it."""


class CrashAt:
    """Ends the process right before its statement number ``place``, counted from 0."""

    def __init__(self, place: int) -> None:
        self.left = place

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        if self.left == 0:
            raise Crash
        self.left -= 1
        return execute(*statement)


def crashes(audit: Audit, place: int) -> bool:
    """Seal in a process that crashes at a place; return whether it came that far."""
    audit.clock.advance(60)
    sealer = Sealer(audit.notary, clock=audit.clock)
    try:
        with connection.execute_wrapper(CrashAt(place)):
            sealer.take_turn()
            sealer.round()
    except Crash:
        connections.close_all()  # as the kernel does
        return True
    return False


def test_a_sealer_that_crashes_anywhere_neither_loses_nor_doubles(audit: Audit) -> None:
    place = 0
    audit.happen("license.issued", "license.suspended", principal="user:0")
    while crashes(audit, place):
        place += 1
        audit.happen("license.issued", "license.suspended", principal=f"user:{place}")
    audit.seal()

    assert place > 15  # statements of one round
    assert sorted(row.event_id for row in audit.entries()) == sorted(e.id for e in audit.events())
    assert audit.codes() == set()


def test_sealers_that_meet_take_turns_at_the_head(postgres_db: str) -> None:
    audit = Audit()
    audit.happen(*(["license.issued"] * 1_500))

    def seal(_: int) -> int:
        try:
            return Sealer(audit.notary, clock=audit.clock).round().sealed
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        sealed = list(threads.map(seal, range(4)))

    assert sum(sealed) == 1_500
    assert len({row.event_id for row in audit.entries()}) == 1_500


def test_what_commits_after_its_successors_were_sealed_is_sealed_too(postgres_db: str) -> None:
    audit = Audit()
    audit.happen("license.issued")
    audit.seal()
    early = audit.clock() + timedelta(seconds=1)
    with psycopg.connect(postgres_db) as late:
        late.execute(
            "INSERT INTO audit_event (tenant_id, id, at, action, principal, details)"
            " VALUES (%s, %s, %s, 'seat.granted', 'user:late', '{}')",
            [audit.tenant.id, new_id(), early],
        )
        audit.clock.advance(2)
        audit.happen("license.suspended")
        assert audit.sealer.round().sealed == 1  # and not the one that is not committed
        late.commit()

    assert audit.sealer.round().sealed == 1
    assert [row.position for row in audit.entries()] == [1, 2, 3]
    assert audit.entries()[-1].entry.count("seat.granted") == 1


def test_one_process_seals_until_it_lays_down_its_turn(audit: Audit) -> None:
    one, other = (Sealer(audit.notary, clock=audit.clock) for _ in range(2))

    assert (one.take_turn(), other.take_turn(), one.take_turn()) == (True, False, True)
    audit.clock.advance(31)
    assert (other.take_turn(), one.take_turn()) == (True, False)  # one fell silent
    other.lay_down()
    audit.clock.advance(0.001)
    assert one.take_turn()


def test_a_turn_far_in_the_future_binds_nobody(audit: Audit) -> None:
    one, other = (Sealer(audit.notary, clock=audit.clock) for _ in range(2))
    audit.clock.advance(86_400)
    assert one.take_turn()
    audit.clock.advance(-86_400)

    assert other.take_turn()


def test_the_thread_of_a_server_seals_and_ends(audit: Audit) -> None:
    audit.happen("license.issued")
    written: list[str] = []
    thread = SealerThread(audit.notary, clock=utc_now, before=lambda: written.append("counts"))

    thread.start()
    until(lambda: len(audit.entries()) == 1)
    thread.stop()

    assert len(written) >= 2  # before the round, and at the end
    assert Sealer(audit.notary, clock=utc_now).take_turn()  # it gave its turn up


class FarKey(CheckpointKey):
    """A key that is somewhere else, and not always there."""

    is_away = True
    asked = 0

    def sign(self, data: bytes) -> bytes:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("the key is away")
        return super().sign(data)


@pytest.fixture
def far_key() -> FarKey:
    return FarKey(Ed25519PrivateKey.generate())


def notary_with(key: FarKey) -> Notary:
    return Notary(NoteKey(NAME, key.public_key), key)


def test_a_notary_that_fails_keeps_nobody_from_being_sealed(
    audit: Audit, far_key: FarKey, caplog: pytest.LogCaptureFixture
) -> None:
    others = Audit("bob")
    for one in (audit, others):
        one.happen("license.issued")
    audit.clock.advance(600)
    sealer = Sealer(notary_with(far_key), clock=audit.clock)

    first = sealer.round()
    audit.clock.advance(1)
    sealer.round()

    assert (first.sealed, first.unsigned) == (2, 2)
    assert (len(audit.entries()), len(others.entries())) == (1, 1)
    assert far_key.asked == 1  # neither at once for the next tenant, nor in the next second
    assert [line.message for line in caplog.records] == ["checkpoints are signed later"]
    assert "the key is away" in caplog.text


def test_checkpoints_are_signed_when_the_notary_is_back(
    audit: Audit, far_key: FarKey, caplog: pytest.LogCaptureFixture
) -> None:
    audit.happen("license.issued")
    audit.clock.advance(600)
    sealer = Sealer(notary_with(far_key), clock=audit.clock)
    for _ in range(3):
        sealer.round()
        audit.clock.advance(60)
    far_key.is_away = False
    with caplog.at_level(logging.INFO):
        signed = sealer.round()

    assert (signed.checkpoints, signed.unsigned) == (1, 0)
    assert [line.message for line in caplog.records] == [
        "checkpoints are signed later",
        "checkpoints are signed again",
    ]


def test_what_goes_wrong_in_a_round_ends_no_thread(
    audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    audit.happen("license.issued")
    rounds: list[int] = []

    def fail_twice() -> None:
        rounds.append(1)
        if len(rounds) <= 2:
            raise ValueError("nobody thought of this")

    thread = SealerThread(audit.notary, clock=utc_now, before=fail_twice)

    thread.start()
    until(lambda: len(audit.entries()) == 1)
    thread.stop()

    assert [line.message for line in caplog.records] == ["the audit is sealed later"]
    assert "nobody thought of this" in caplog.text  # with its traceback
