"""A program is called back about its lease, and may do anything then."""

import logging
from collections.abc import Callable

import pytest

from coditect_license_sdk import (
    Lease,
    LeaseState,
    LicenseClient,
)
from coditect_license_sdk.testing import Deed, FakeLicenseServer, ManualClock

LetPass = Callable[[int], None]
Callbacks = dict[str, Callable[[Lease], None]]


def test_a_callback_that_raises_is_logged_and_the_lease_goes_on(
    client: LicenseClient,
    clock: ManualClock,
    let_pass: LetPass,
    server: FakeLicenseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def clumsy(lease: Lease) -> None:
        raise ZeroDivisionError("in the program's own code")

    with caplog.at_level(logging.ERROR, "coditect_license_sdk"):
        lease = client.acquire(on_renewed=clumsy)
        clock.settle()
        let_pass(270)

    assert lease.is_valid()
    assert server.count(Deed.HEARTBEAT) == 2
    assert "a lease callback raised" in caplog.text
    lease.release()


def test_a_callback_may_release_the_lease(
    client: LicenseClient, clock: ManualClock, server: FakeLicenseServer
) -> None:
    lease = client.acquire(on_renewed=Lease.release)
    clock.settle()
    assert lease._keeper is not None

    clock.advance(135)
    lease._keeper.thread.join(30)

    assert lease.state is LeaseState.RELEASED
    assert server.seats_in_use == 0


def test_callbacks_of_the_client_are_the_default_of_its_leases(
    make_client: Callable[..., LicenseClient],
    callbacks: Callbacks,
    clock: ManualClock,
    let_pass: LetPass,
) -> None:
    mine: list[str] = []
    client = make_client(instance_id="program-1", **callbacks)
    lease = client.acquire(on_renewed=lambda _lease: mine.append("renewed"))
    clock.settle()

    let_pass(135)

    assert mine == ["renewed"]
    lease.release()
