"""Reinstatement: programs that share a device's seat come back each (docs/adr/0010)."""

import pytest

from leasing.errors import SessionUnknown
from leasing.store import Lease
from tests.support.losses import lose
from tests.support.world import World


def lose_programs(world: World) -> tuple[Lease, Lease]:
    """Return the leases of two programs on one lost seat."""
    backup = world.back_up()
    world.pass_time(60)
    editor = world.acquire("laptop", "editor")
    renderer = world.acquire("laptop", "renderer")
    world.pass_time(1)
    world.restore(backup)
    return editor, renderer


def test_s5_programs_that_share_a_lost_seat_come_back_one_after_the_other(world: World) -> None:
    editor, renderer = lose_programs(world)
    world.come_back(editor, "editor")
    with pytest.raises(SessionUnknown):
        world.heartbeat(renderer, "renderer")

    back = world.come_back(renderer, "renderer")

    assert back.session_id == editor.session_id
    assert world.inspect(back).instances == ("editor", "renderer")


def test_s2_s5_a_program_that_joined_a_session_after_the_backup_comes_back_to_it(
    world: World,
) -> None:
    editor = world.acquire("laptop", "editor")
    backup = world.back_up()
    world.pass_time(60)
    renderer = world.acquire("laptop", "renderer")
    world.pass_time(1)
    world.restore(backup)
    with pytest.raises(SessionUnknown):
        world.heartbeat(renderer, "renderer")

    back = world.come_back(renderer, "renderer")

    assert back.session_id == editor.session_id
    assert world.inspect(back).instances == ("editor", "renderer")


def test_s5_one_program_that_came_back_and_leaves_does_not_take_the_seat_from_another(
    world: World,
) -> None:
    editor, renderer = lose_programs(world)

    world.release(world.come_back(editor, "editor"), "editor")

    assert world.come_back(renderer, "renderer").session_id == renderer.session_id


def test_a_program_that_released_its_share_since_does_not_come_back_to_it(world: World) -> None:
    (lease,) = lose(world, "laptop")
    world.come_back(lease, "editor")
    world.pass_time(10)
    later = world.heartbeat(lease, "editor")
    world.acquire("laptop", "renderer")
    world.release(lease, "editor")

    with pytest.raises(SessionUnknown):
        world.come_back(later, "editor")
