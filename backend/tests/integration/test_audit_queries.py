"""What others read of the audit: one tenant's events, page by page."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from audit.models import AuditEvent
from audit.operations import record
from audit.queries import Wanted, event, events, newest_checkpoint
from foundation.ids import new_id
from tenants.current import tenant_transaction
from tests.support.clock import START

ALICE, BOB = new_id(), new_id()


@pytest.fixture(params=["db", "postgres_db"], autouse=True)
def ledger(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(request.param)


@pytest.fixture
def five_events() -> list[UUID]:
    """Five events of Alice's, oldest first, the middle three at one instant; one of Bob's."""
    with tenant_transaction(BOB):
        record("license.issued", tenant_id=BOB, principal="user:bob")
    with tenant_transaction(ALICE):
        made = [
            AuditEvent.objects.create(
                tenant_id=ALICE,
                at=START + timedelta(seconds=second),
                action=action,
                principal=principal,
            )
            for second, action, principal in (
                (0, "license.issued", "user:alice"),
                (5, "license.suspended", "user:alice"),
                (5, "member.invited", "user:carol"),
                (5, "license.resized", "user:alice"),
                (9, "license.revoked", "user:carol"),
            )
        ]
    return [row.id for row in sorted(made, key=lambda row: (row.at, row.id))]


def test_pages_join_without_gap_and_overlap(five_events: list[UUID]) -> None:
    found: list[UUID] = []
    before = None
    with tenant_transaction(ALICE):
        while page := events(before=before, most=2):
            found += [seen.event.id for seen in page]
            before = page[-1].event.at, page[-1].event.id

    assert found == five_events[::-1]


def test_filters_narrow(five_events: list[UUID]) -> None:
    def count(wanted: Wanted) -> int:
        with tenant_transaction(ALICE):
            return len(events(wanted))

    assert count(Wanted(action="license.")) == 4
    assert count(Wanted(action="license")) == 0
    assert count(Wanted(action="license.revoked")) == 1
    assert count(Wanted(principal="user:carol")) == 2
    assert count(Wanted(since=START + timedelta(seconds=5))) == 4
    assert count(Wanted(until=START + timedelta(seconds=5))) == 1
    assert count(Wanted(license_id=new_id())) == 0


def test_s11_nothing_of_another_tenant_is_seen(five_events: list[UUID]) -> None:
    with tenant_transaction(BOB):
        (only,) = events()

        assert only.event.tenant_id == BOB
        assert event(five_events[0]) is None


def test_before_the_sealer_has_come_by_there_is_no_position(five_events: list[UUID]) -> None:
    with tenant_transaction(ALICE):
        seen = event(five_events[0])

        assert seen is not None
        assert seen.position is None
        assert newest_checkpoint() is None
