"""A license that is about to end is spoken of 30, 7 and 1 days before, once each."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections

from foundation.clock import rfc3339
from licenses import expiry_notices
from licenses.expiry_notices import due_notices
from licenses.models import OutboxMessage
from licenses.rules import due_notice
from tenants.current import tenant_transaction
from tests.support.clock import START
from tests.support.customer import Customer

END = START + timedelta(days=365)


@pytest.fixture(params=["db", "postgres_db"], ids=["sqlite", "postgres"])
def alice(request: pytest.FixtureRequest) -> Customer:
    request.getfixturevalue(request.param)
    return Customer("alice", seats=1)


def before_the_end(days: float) -> datetime:
    return END - timedelta(days=days)


def told(customer: Customer) -> list[tuple[int, str]]:
    with tenant_transaction(customer.tenant.id):
        rows = OutboxMessage.objects.filter(subject_id=customer.license.id).order_by("created_at")
        return [(row.payload["days"], row.payload["expires_at"]) for row in rows]


@pytest.mark.parametrize(
    ("days", "threshold"),
    [(31, None), (30.01, None), (30, 30), (8, 30), (7, 7), (1.5, 7), (1, 1), (0.1, 1), (0, None)],
)
def test_the_nearest_threshold_that_has_come_is_spoken_of(
    days: float, threshold: int | None
) -> None:
    assert due_notice(expires_at=END, now=before_the_end(days)) == threshold


def test_each_threshold_is_spoken_of_once(alice: Customer) -> None:
    counts = [
        due_notices(now=before_the_end(days)) for days in (40, 30, 29, 8, 7, 7, 2, 1, 0.5, 0, -3)
    ]

    assert counts == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0]
    assert told(alice) == [(30, rfc3339(END)), (7, rfc3339(END)), (1, rfc3339(END))]


def test_when_the_end_moves_its_notices_are_recomputed(alice: Customer) -> None:
    due_notices(now=before_the_end(30))
    later = END + timedelta(days=365)

    alice.move_expiry(later)
    after_the_move = told(alice)
    due_notices(now=before_the_end(7))
    due_notices(now=later - timedelta(days=30))

    assert after_the_move == []
    assert told(alice) == [(30, rfc3339(later))]


def test_what_was_delivered_is_never_taken_back_nor_told_again(alice: Customer) -> None:
    due_notices(now=before_the_end(30))
    with tenant_transaction(alice.tenant.id):
        OutboxMessage.objects.update(delivered_at=START)

    alice.move_expiry(END + timedelta(days=1))
    alice.move_expiry(END)
    due_notices(now=before_the_end(30))

    assert told(alice) == [(30, rfc3339(END))]


def test_a_suspended_license_is_spoken_of_and_a_revoked_one_is_not(alice: Customer) -> None:
    alice.suspend()
    suspended = due_notices(now=before_the_end(30))
    alice.revoke()

    assert (suspended, due_notices(now=before_the_end(7))) == (1, 0)


def test_jobs_at_once_speak_of_each_license_once(alice: Customer) -> None:
    others = [Customer(f"c{number}", seats=1) for number in range(3)]

    def job(_: int) -> int:
        try:
            return due_notices(now=before_the_end(7))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(job, range(4)))

    assert [told(customer) for customer in (alice, *others)] == [[(7, rfc3339(END))]] * 4


def test_many_licenses_are_gone_through_in_parts(
    alice: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry_notices, "_AT_A_TIME", 2)
    more = [Customer(f"m{number}", seats=1, tenant=alice.tenant) for number in range(4)]

    assert due_notices(now=before_the_end(1)) == 5
    assert [told(customer) for customer in more] == [[(1, rfc3339(END))]] * 4


def test_the_command_says_how_many(alice: Customer) -> None:
    said = StringIO()

    call_command("due_notices", stdout=said)

    assert said.getvalue() == "0 expiry notices put into the outbox\n"
