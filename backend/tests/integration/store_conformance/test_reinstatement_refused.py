"""Reinstatement: whom no token brings back (docs/adr/0010)."""

import pytest

from leasing.errors import LeaseLost, SessionUnknown
from leasing.store import Lease
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended
from tests.support.cast import invite
from tests.support.customer import Customer
from tests.support.ledger import live_seats, seat_records
from tests.support.losses import lose
from tests.support.world import World


@pytest.mark.parametrize("reason", ["released", "expired", "taken_over"])
def test_a_session_that_is_known_to_be_over_does_not_come_back(world: World, reason: str) -> None:
    world.alice.resize(1)
    lease = world.acquire("laptop")
    if reason == "released":
        world.release(lease)
    else:
        world.pass_time(400)
        world.store.reap(10) if reason == "expired" else world.acquire("desktop")

    with pytest.raises(LeaseLost, match=reason):
        world.come_back(lease)


@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        (Customer.suspend, LicenseSuspended),
        (Customer.revoke, LicenseRevoked),
        (lambda alice: alice.move_expiry(alice.license.created_at), LicenseExpired),
    ],
)
def test_s12_a_license_without_force_brings_nobody_back(
    world: World, deed: object, refusal: type[Exception]
) -> None:
    (lease,) = lose(world, "laptop")
    assert callable(deed)
    deed(world.alice)

    with pytest.raises(refusal):
        world.come_back(lease)

    assert live_seats(world.alice, world.now) == 0
    assert seat_records(world.alice) == []


@pytest.mark.parametrize("gone", ["its end has come", "it is of tomorrow"])
def test_s13_whether_a_token_runs_is_told_by_the_ledgers_clock(world: World, gone: str) -> None:
    (lease,) = lose(world, "laptop")
    if gone == "its end has come":
        world.pass_time(360)
    else:
        world.clock.advance(-3_600)

    with pytest.raises(SessionUnknown):
        world.come_back(lease)


def test_s11_a_token_of_another_tenant_brings_nothing_back(world: World) -> None:
    cast = invite(world)
    (lease,) = lose(world, "laptop")

    for caller in (cast.bob.user, cast.charlie.user, cast.bob.key_holder):
        with pytest.raises(SessionUnknown):
            world.ask(world.alice.come_back(lease, caller=caller), Lease)

    assert live_seats(world.alice, world.now) == live_seats(cast.bob, world.now) == 0


def test_s11_the_key_of_another_license_of_the_tenant_brings_nothing_back(world: World) -> None:
    other = Customer("alice-too", seats=2, key_auth=True, tenant=world.alice.tenant)
    (lease,) = lose(world, "laptop")

    with pytest.raises(SessionUnknown):
        world.ask(world.alice.come_back(lease, caller=other.key_holder), Lease)


@pytest.mark.parametrize("claim", ["tenant_id", "license_id", "audience"])
def test_s11_every_claim_must_be_the_licenses_own(world: World, claim: str) -> None:
    bob = invite(world).bob
    (lease,) = lose(world, "laptop")
    others = {
        "tenant_id": str(bob.tenant.id),
        "license_id": str(bob.license.id),
        "audience": "bob-studio",
    }

    with pytest.raises(SessionUnknown):
        world.come_back(lease, **{claim: others[claim]})

    assert live_seats(world.alice, world.now) == live_seats(bob, world.now) == 0


def test_a_token_of_another_device_does_not_renew_a_session_that_is_there(world: World) -> None:
    lease = world.acquire("laptop")
    other = world.acquire("desktop")

    with pytest.raises(SessionUnknown):
        world.come_back(lease, device=other.device)
