"""The tenant a piece of code works for: set for one transaction, and always left."""

import asyncio
import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from foundation.ids import new_id
from tenants.current import current_tenant_id, has_current_tenant, tenant_transaction
from tenants.errors import InsideTransaction, NoCurrentTenant, TenantAlreadySet
from tenants.models import Tenant


def test_outside_a_tenants_transaction_there_is_no_tenant(db: Path) -> None:
    with pytest.raises(NoCurrentTenant):
        current_tenant_id()


def test_s11_the_tenant_is_left_also_by_an_error_and_with_it_what_was_written(db: Path) -> None:
    with pytest.raises(NoSuchThing):
        fail_halfway(new_id())

    assert not Tenant.objects.filter(slug="half-done").exists()
    with pytest.raises(NoCurrentTenant):
        current_tenant_id()


def test_s11_one_transaction_works_for_one_tenant(db: Path) -> None:
    first = new_id()

    with tenant_transaction(first):
        with pytest.raises(TenantAlreadySet), tenant_transaction(new_id()):
            pytest.fail("another tenant's transaction began")
        assert current_tenant_id() == first


def test_s11_the_same_tenant_named_again_is_a_savepoint(db: Path) -> None:
    mine = new_id()

    with tenant_transaction(mine):
        with pytest.raises(NoSuchThing):
            fail_halfway(mine)
        assert current_tenant_id() == mine
        Tenant.objects.create(id=mine, slug="done", name="Done")

    assert [tenant.slug for tenant in Tenant.objects.all()] == ["done"]


def test_s11_a_transaction_of_nobody_becomes_no_tenants(db: Path) -> None:
    with transaction.atomic():
        with pytest.raises(InsideTransaction), tenant_transaction(new_id()):
            pytest.fail("it began within another transaction")
        assert not has_current_tenant()


def test_s11_a_thread_or_a_task_begun_within_has_no_tenant(db: Path) -> None:
    """Its statements would be on a connection of its own, outside the walls."""
    with tenant_transaction(new_id()):
        within = copy_context()
        with ThreadPoolExecutor(1) as threads:
            in_thread = threads.submit(within.run, has_current_tenant).result()
        assert within.run(has_current_tenant)

    assert not in_thread
    assert not within.run(has_current_tenant)  # what a task that goes on takes along


def test_s11_an_async_task_that_outlives_the_transaction_has_no_tenant(db: Path) -> None:
    async def begin_and_leave() -> bool:
        goes_on = asyncio.Event()
        with tenant_transaction(new_id()):
            task = asyncio.create_task(asks_later(goes_on))
        goes_on.set()
        return await task

    async def asks_later(goes_on: asyncio.Event) -> bool:
        await goes_on.wait()
        return has_current_tenant()

    with permitted_in_a_loop():
        assert not asyncio.run(begin_and_leave())


def test_s11_a_generator_closed_elsewhere_leaves_the_tenant(db: Path) -> None:
    within = copy_context()
    generator = stays_within(new_id())
    within.run(next, generator)

    generator.close()

    assert not has_current_tenant()
    assert not within.run(has_current_tenant)


def test_s11_of_two_generators_that_take_turns_only_one_has_a_tenant(db: Path) -> None:
    first, second = stays_within(mine := new_id()), stays_within(new_id())
    next(first)

    with pytest.raises(TenantAlreadySet):
        next(second)

    assert current_tenant_id() == mine
    first.close()
    assert not has_current_tenant()


@pytest.mark.parametrize("database", ["db", "postgres_db"])
def test_s11_what_is_done_on_commit_is_on_behalf_of_nobody(
    database: str, request: pytest.FixtureRequest
) -> None:
    """The transaction is over by then, and with it what it set; the next one begins anew."""
    request.getfixturevalue(database)
    mine, heard = new_id(), []

    def on_commit() -> None:
        heard.append(has_current_tenant())
        with tenant_transaction(mine):
            heard.append(Tenant.objects.get().id == mine)

    with tenant_transaction(mine):
        Tenant.objects.create(id=mine, slug="mine", name="Mine")
        transaction.on_commit(on_commit)
        assert current_tenant_id() == mine

    assert heard == [False, True]
    assert not has_current_tenant()


@pytest.mark.parametrize("ending", [KeyboardInterrupt, GeneratorExit, SystemExit])
def test_s11_the_tenant_is_left_by_whatever_ends_the_block(
    db: Path, ending: type[BaseException]
) -> None:
    with pytest.raises(ending), tenant_transaction(new_id()):
        raise ending

    assert not has_current_tenant()


class NoSuchThing(Exception):
    """What goes wrong in the middle of a deed."""


def fail_halfway(tenant_id: UUID) -> None:
    with tenant_transaction(tenant_id):
        assert current_tenant_id() == tenant_id
        Tenant.objects.create(id=tenant_id, slug="half-done", name="Half done")
        raise NoSuchThing


def stays_within(tenant_id: UUID) -> Generator[None, None, None]:
    with tenant_transaction(tenant_id):
        yield


@contextmanager
def permitted_in_a_loop() -> Iterator[None]:
    """Let this test use Django in an event loop, which product code never does."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        yield
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
