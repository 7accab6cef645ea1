"""Who is in the tests: Alice owns the seats, Bob has some too, Charlie must see nothing."""

from dataclasses import dataclass

from tests.support.customer import Customer
from tests.support.world import World


@dataclass(frozen=True)
class Cast:
    """Three tenants of one installation, on one store."""

    alice: Customer
    bob: Customer
    charlie: Customer


def invite(world: World, *, seats: int = 2) -> Cast:
    """Return Alice, who was there, and two newcomers with licenses of their own.

    Bob's license takes its key as a credential, Charlie's does not.
    """
    return Cast(
        alice=world.alice,
        bob=Customer("bob", seats=seats, key_auth=True),
        charlie=Customer("charlie", seats=seats),
    )
