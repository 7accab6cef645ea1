"""Retention: what has ended is forgotten in its time, and nothing that lives is touched."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from identity.models import Member
from leasing.models import LicenseSession, SeatInstance
from licenses.models import OutboxMessage
from management_api.models import KeptAnswer
from privacy.errors import RetentionOutOfBounds
from privacy.retention import apply_retention, choose_retention, retention_days
from privacy.rules import DAY_SECONDS, RETENTION, Category, check_days
from tenants.current import tenant_transaction
from tests.support.customer import VENDOR, Customer
from tests.support.world import World, open_postgres

NO_MORE = ", member_addresses 0, kept_answers 0, outbox_messages 0"
NOTHING = dict.fromkeys(Category, 0)


@pytest.fixture
def world(db: Path) -> World:
    return World(db, seats=3)


def held(world: World, device: str, customer: Customer | None = None) -> str:
    who = customer or world.alice
    call = who.acquire(device, "editor", metadata_json='{"host":"mars"}')
    (lease,) = world.apply(call)
    return str(lease.session_id)  # type: ignore[union-attr]


def released(world: World, device: str, customer: Customer | None = None) -> str:
    session_id = held(world, device, customer)
    world.apply((customer or world.alice).release(session_id))
    return session_id


def days_pass(world: World, days: float) -> None:
    world.clock.advance(days * DAY_SECONDS)


def run(world: World, customer: Customer | None = None, **options: Any) -> dict[Category, int]:
    tenant = (customer or world.alice).tenant
    return apply_retention(tenant_id=tenant.id, now=world.now, **options)


def known(world: World, customer: Customer | None = None) -> dict[str, tuple[str, Any, str]]:
    tenant_id = (customer or world.alice).tenant.id
    with tenant_transaction(tenant_id):
        rows = LicenseSession.objects.filter(tenant_id=tenant_id)
        return {str(row.id): (row.principal, row.metadata, row.device) for row in rows}


def test_who_held_a_seat_is_known_for_thirty_days_and_not_a_moment_more(world: World) -> None:
    session = released(world, "laptop")
    days_pass(world, 30)
    assert run(world) == NOTHING
    assert known(world)[session][:2] == ("user:alice", {"host": "mars"})

    world.clock.advance(0.001)

    assert run(world) == NOTHING | {Category.SESSION_DETAILS: 1}
    principal, metadata, device = known(world)[session]
    assert (principal, metadata, bool(device)) == ("", {}, True)
    assert run(world) == NOTHING
    world.close()


def test_a_device_record_goes_thirteen_months_after_its_last_use(world: World) -> None:
    session = released(world, "laptop")
    days_pass(world, 396)
    run(world)
    assert session in known(world)

    world.clock.advance(0.001)

    assert run(world) == NOTHING | {Category.DEVICE_RECORDS: 1}
    assert known(world) == {}
    world.close()


def test_s2_who_lives_is_not_touched_however_old(world: World) -> None:
    session = held(world, "laptop")
    before = known(world)
    days_pass(world, 5_000)

    assert run(world) == NOTHING
    assert known(world) == before
    assert session in before
    world.close()


def test_a_lapsed_session_counts_from_the_end_of_its_lease(world: World) -> None:
    session = held(world, "laptop")
    world.pass_time(400)
    assert world.store.reap(10) == 1
    days_pass(world, 30)

    assert run(world)[Category.SESSION_DETAILS] == 1
    assert known(world)[session][:2] == ("", {})
    world.close()


def test_programs_of_a_session_are_forgotten_with_its_end(world: World) -> None:
    session = held(world, "laptop")
    assert SeatInstance.across_tenants.filter(session_id=session).count() == 1

    world.apply(world.alice.release(session))

    assert SeatInstance.across_tenants.filter(session_id=session).count() == 0
    world.close()


def test_a_dry_run_counts_the_same_and_changes_nothing(world: World) -> None:
    released(world, "laptop")
    days_pass(world, 31)
    before = known(world)

    counted = run(world, dry_run=True)

    assert known(world) == before
    assert run(world) == counted == NOTHING | {Category.SESSION_DETAILS: 1}
    world.close()


@pytest.mark.parametrize("page", [1, 2, 3, 500])
def test_pages_of_any_size_reach_everything(world: World, page: int) -> None:
    for number in range(7):
        released(world, f"device-{number}")
    days_pass(world, 31)
    stays = held(world, "laptop")

    assert run(world, page=page)[Category.SESSION_DETAILS] == 7
    assert {name for name, (principal, *_) in known(world).items() if principal} == {stays}
    world.close()


def test_s11_a_tenants_own_time_is_its_own(world: World) -> None:
    bob = Customer("bob", seats=1)
    released(world, "laptop")
    released(world, "laptop", bob)
    choose_retention(
        tenant_id=bob.tenant.id, category=Category.SESSION_DETAILS, days=90, principal=VENDOR
    )
    days_pass(world, 31)

    assert run(world)[Category.SESSION_DETAILS] == 1
    assert run(world, bob) == NOTHING
    days_pass(world, 60)
    assert run(world, bob)[Category.SESSION_DETAILS] == 1
    assert retention_days(world.alice.tenant.id)[Category.SESSION_DETAILS] == 30
    world.close()


@pytest.mark.parametrize("category", Category)
def test_times_out_of_bounds_are_refused(category: Category) -> None:
    bounds = RETENTION[category]

    for days in (bounds.fewest_days - 1, bounds.most_days + 1, -1, 0):
        with pytest.raises(RetentionOutOfBounds):
            check_days(category, days)
    for days in {bounds.fewest_days, bounds.days, bounds.most_days}:
        check_days(category, days)


def test_the_command_goes_from_tenant_to_tenant(world: World) -> None:
    Customer("bob", seats=1)
    released(world, "laptop")
    with tenant_transaction(world.alice.tenant.id):
        LicenseSession.objects.update(ended_at=world.now - timedelta(days=5_000))
    out = io.StringIO()

    call_command("apply_retention", "--dry-run", stdout=out)
    call_command("apply_retention", stdout=out)

    assert out.getvalue().splitlines() == [
        "alice: would forget session_details 0, device_records 1" + NO_MORE,
        "bob: would forget session_details 0, device_records 0" + NO_MORE,
        "alice: forgot session_details 0, device_records 1" + NO_MORE,
        "bob: forgot session_details 0, device_records 0" + NO_MORE,
    ]
    world.close()


def test_the_address_of_a_removed_member_goes_and_the_door_stays_shut(world: World) -> None:
    tenant_id = world.alice.tenant.id
    with tenant_transaction(tenant_id):
        for email, subject, status in (
            ("gone@example.org", "sub-1", "removed"),
            ("never-came@example.org", "", "removed"),
            ("here@example.org", "sub-2", "active"),
        ):
            Member.objects.create(
                tenant_id=tenant_id,
                email=email,
                subject=subject,
                role="viewer",
                status=status,
                updated_at=world.now,
            )
    days_pass(world, 31)

    assert run(world, page=1)[Category.MEMBER_ADDRESSES] == 2

    with tenant_transaction(tenant_id):
        left = Member.objects.filter(tenant_id=tenant_id).order_by("subject")
        assert list(left.values_list("subject", "email")) == [
            ("sub-1", ""),
            ("sub-2", "here@example.org"),
        ]
    world.close()


def test_kept_answers_go_after_their_day_and_messages_after_their_delivery(world: World) -> None:
    tenant_id = world.alice.tenant.id
    with tenant_transaction(tenant_id):
        for number in range(3):
            KeptAnswer.objects.create(
                tenant_id=tenant_id,
                principal="user:alice",
                key_hash=str(number),
                request_hash="",
                expires_at=world.now + timedelta(days=number),
            )
            OutboxMessage.objects.create(
                tenant_id=tenant_id,
                topic="license.ends",
                subject_id=tenant_id,
                key=str(number),
                payload={},
                delivered_at=None if number == 0 else world.now - timedelta(days=60 * number),
            )
    days_pass(world, 1.5)

    done = run(world, page=1)

    assert (done[Category.KEPT_ANSWERS], done[Category.OUTBOX_MESSAGES]) == (2, 1)
    days_pass(world, 5_000)
    assert run(world)[Category.OUTBOX_MESSAGES] == 1  # what waits for delivery stays
    world.close()


def test_retention_works_on_postgresql(postgres_db: str) -> None:
    world = World(postgres_db, open_store=open_postgres)
    released(world, "laptop")
    lives = held(world, "desktop")
    days_pass(world, 31)

    assert run(world)[Category.SESSION_DETAILS] == 1
    days_pass(world, 400)
    assert run(world)[Category.DEVICE_RECORDS] == 1
    assert set(known(world)) == {lives}
    world.close()
