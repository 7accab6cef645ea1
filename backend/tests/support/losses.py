"""What a restore takes out of a ledger, so that tokens are all there is of it."""

from leasing.store import Lease
from tests.support.world import World


def lose(world: World, *devices: str) -> list[Lease]:
    """Return the leases of devices, taken one after the other, that a restore has taken away."""
    backup = world.back_up()
    world.pass_time(60)
    leases = [world.acquire(device) for device in devices]
    world.pass_time(1)
    world.restore(backup)
    return leases
