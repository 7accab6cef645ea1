"""Reinstatement: a token whose seat is another's is honored to its end (docs/adr/0010)."""

from collections import Counter
from datetime import datetime

import pytest

from audit.models import AuditEvent
from foundation.clock import rfc3339
from leasing.errors import LeaseLost
from leasing.models import Seat
from leasing.store import Lease
from licenses.errors import LicenseRevoked
from tests.support.ledger import contradictions, live_seats, seat_records
from tests.support.losses import lose
from tests.support.world import World


def honored_lease(world: World) -> Lease:
    """Return a lost lease that is honored: the only seat is another's since."""
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")
    world.come_back(lease)
    return lease


def test_s1_a_token_without_a_free_seat_is_honored_to_its_end_and_not_beyond(
    world: World,
) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    world.acquire("desktop")

    honored = world.come_back(lease)
    world.pass_time(300)
    later = world.heartbeat(lease)
    world.pass_time(58)
    last = world.ask(world.alice.heartbeat(lease.session_id, wants_token=True), Lease)
    world.pass_time(1)

    assert {one.lease_expires_at for one in (honored, later, last)} == {lease.lease_expires_at}
    assert (last.seq or 0) > (honored.seq or 0) > 1
    with pytest.raises(LeaseLost, match="taken_over"):
        world.heartbeat(lease)
    with pytest.raises(LeaseLost, match="taken_over"):
        world.come_back(lease)


def test_s15_an_honored_token_has_one_record_and_no_seat(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    winner = world.acquire("desktop")

    for _ in range(3):
        world.come_back(lease)

    records = seat_records(world.alice)
    assert Counter(record.action for record in records) == {"seat.granted": 1, "lease.honored": 1}
    until = AuditEvent.across_tenants.get(action="lease.honored").details["until"]
    assert until == rfc3339(datetime.fromisoformat(until))
    assert str(Seat.across_tenants.get(session_id__isnull=False).session_id) == winner.session_id
    assert contradictions(world.alice) == []


def test_the_state_of_an_honored_session_is_active_until_its_token_ends(world: World) -> None:
    lease = honored_lease(world)

    during = world.inspect(lease)
    world.pass_time(360)
    after = world.inspect(lease)

    assert (during.ended_at, during.lease_expires_at) == (None, lease.lease_expires_at)
    assert (after.ended_at, after.end_reason) == (lease.lease_expires_at, "taken_over")


def test_an_honored_session_that_is_released_is_over(world: World) -> None:
    lease = honored_lease(world)

    world.release(lease)
    world.release(lease)

    with pytest.raises(LeaseLost, match="released"):
        world.heartbeat(lease)
    with pytest.raises(LeaseLost, match="released"):
        world.come_back(lease)
    assert contradictions(world.alice) == []


def test_s12_an_honored_token_gives_no_right_under_a_revoked_license(world: World) -> None:
    lease = honored_lease(world)
    world.alice.revoke()

    with pytest.raises(LicenseRevoked):
        world.heartbeat(lease)


def test_an_honored_device_gets_a_free_seat_by_acquiring(world: World) -> None:
    world.alice.resize(1)
    (lease,) = lose(world, "laptop")
    winner = world.acquire("desktop")
    world.come_back(lease)
    world.release(winner)

    taken = world.acquire("laptop")

    assert taken.is_new
    assert live_seats(world.alice, world.now) == 1


def test_another_program_of_an_honored_device_has_its_own_tokens_end(world: World) -> None:
    world.alice.resize(1)
    backup = world.back_up()
    world.pass_time(60)
    editor = world.acquire("laptop", "editor")
    world.pass_time(30)
    renderer = world.acquire("laptop", "renderer")
    world.restore(backup)
    world.acquire("desktop")

    world.come_back(editor, "editor")
    later = world.come_back(renderer, "renderer")

    assert later.lease_expires_at == renderer.lease_expires_at > editor.lease_expires_at


def test_s4_a_device_that_took_a_seat_anew_keeps_that_and_honors_its_older_token(
    world: World,
) -> None:
    (lease,) = lose(world, "laptop")
    anew = world.acquire("laptop")

    honored = world.come_back(lease)

    assert honored.lease_expires_at == lease.lease_expires_at
    assert world.heartbeat(anew).session_id == anew.session_id
    assert live_seats(world.alice, world.now) == 1


def test_s2_a_token_takes_no_seat_from_who_waits_for_the_hold(world: World) -> None:
    """Who was live at the backup may come back; who came later and finds no room is honored."""
    world.alice.resize(1)
    before = world.acquire("laptop")
    backup = world.back_up()
    world.pass_time(60)
    world.release(before)
    later = world.acquire("desktop")
    world.restore(backup)

    honored = world.come_back(later)

    assert honored.lease_expires_at == later.lease_expires_at
    assert world.heartbeat(before).session_id == before.session_id
