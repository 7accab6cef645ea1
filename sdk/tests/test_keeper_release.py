"""A lease is given back once, whatever the server and the keeper are doing."""

import threading
import time

import pytest

from coditect_license_sdk import (
    Lease,
    LeaseState,
    LicenseClient,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, ManualClock


def test_a_hanging_server_holds_a_program_up_two_seconds_at_most(
    client: LicenseClient, server: FakeLicenseServer, caplog: pytest.LogCaptureFixture
) -> None:
    lease = client.acquire()
    gate = server.hold_next(deed=Deed.RELEASE)
    started = time.monotonic()

    lease.release()

    assert 1.5 < time.monotonic() - started < 4.0
    assert lease.state is LeaseState.RELEASED
    gate.set()


def test_s5_release_is_idempotent_also_from_many_threads(
    kept: Lease, server: FakeLicenseServer
) -> None:
    threads = [threading.Thread(target=kept.release) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    kept.release()

    server.wait_for(Deed.RELEASE)
    assert server.count(Deed.RELEASE) == 1
    assert server.seats_in_use == 0


def test_s8_a_seat_granted_while_the_lease_is_given_back_is_given_back_too(
    kept: Lease, clock: ManualClock, server: FakeLicenseServer
) -> None:
    server.end_session(kept.session_id)
    gate = server.hold_next(deed=Deed.ACQUIRE)
    clock.advance(135)
    server.wait_for(Deed.ACQUIRE, times=2)

    kept.release()
    gate.set()
    server.wait_for(Deed.RELEASE, times=2)
    assert kept._keeper is not None
    kept._keeper.thread.join(30)

    assert server.seats_in_use == 0
