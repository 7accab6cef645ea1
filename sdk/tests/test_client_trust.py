"""What a client believes: signed answers, of the right product, under the roots it knows."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import (
    LicenseClient,
    Roots,
    RootUnknown,
    VerificationFailed,
)
from coditect_license_sdk._trust import Edition, KeyNews, Trust
from coditect_license_sdk.testing import Deed, FakeLicenseServer, Forgery, ManualClock
from coditect_license_token.testing import InMemorySigner

MakeClient = Callable[..., LicenseClient]


@pytest.mark.parametrize(
    "forgery", [Forgery.SIGNATURE, Forgery.NONCE, Forgery.DEVICE, Forgery.SESSION]
)
def test_an_answer_that_does_not_hold_is_refused(
    client: LicenseClient, server: FakeLicenseServer, forgery: Forgery
) -> None:
    server.forge_next(forgery)

    with pytest.raises(VerificationFailed):
        client.acquire()


def test_an_old_answer_replayed_is_refused(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    client.acquire().release()
    server.forge_next(Forgery.STALE)

    with pytest.raises(VerificationFailed, match="nonce"):
        client.acquire()


def test_an_answer_under_a_root_nobody_pinned_is_refused(
    make_client: MakeClient, other_root: InMemorySigner, server: FakeLicenseServer
) -> None:
    stranger = make_client(roots=Roots([other_root.public_key]))

    with pytest.raises((VerificationFailed, RootUnknown)):
        stranger.acquire()


@pytest.mark.parametrize("other", [{"audience": "other-product"}, {"issuer": "https://other"}])
def test_a_lease_of_another_product_or_server_is_refused(
    make_client: MakeClient, other: dict[str, str]
) -> None:
    with pytest.raises(VerificationFailed):
        make_client(**other).acquire()


def test_the_right_audience_and_issuer_are_accepted(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    with make_client(audience=server.audience, issuer=server.issuer).acquire() as lease:
        assert lease.is_valid()


def test_a_clock_far_off_does_not_matter_online(
    client: LicenseClient, server: FakeLicenseServer, tmp_path: Path
) -> None:
    off = ManualClock(wall_seconds=1.0)
    client = LicenseClient(
        server.url,
        license_key=server.license_key,
        roots=server.roots,
        cache_dir=str(tmp_path),
        clock=off,
    )

    with client.acquire() as lease:
        assert lease.remaining_seconds() == 360.0


def test_a_lease_is_counted_from_the_sending_of_the_request(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    gate = server.hold_next(deed=Deed.ACQUIRE)
    leases: list[float] = []

    def acquire() -> None:
        leases.append(make_client().acquire(keep=False).remaining_seconds())

    asking = threading.Thread(target=acquire)
    asking.start()
    server.wait_for(Deed.ACQUIRE)
    clock.advance(50)
    gate.set()
    asking.join(30)

    assert leases == [310.0]


def test_a_new_root_is_believed_when_a_pinned_one_announces_it(
    make_client: MakeClient, server: FakeLicenseServer, other_root: InMemorySigner
) -> None:
    client = make_client()
    server.change_root(other_root)

    with client.acquire() as lease:
        assert lease.is_valid()

    assert server.count(Deed.KEYS) == 1


def test_a_lower_key_set_than_the_highest_seen_is_refused(
    make_client: MakeClient, server: FakeLicenseServer, other_root: InMemorySigner
) -> None:
    pinned, old_root = server.roots, server.mint.root
    server.change_root(other_root, keyset_version=5)
    make_client(roots=pinned).acquire().release()
    server.change_root(old_root, keyset_version=6)
    server.change_root(other_root, keyset_version=4)

    trust = Trust(pinned, lowest_version=5)
    with pytest.raises(VerificationFailed, match="below 5"):
        trust.absorb(
            KeyNews(editions=(Edition(keyset=str(server._desk.keyset)),)),
            now=int(server.clock.wall_seconds()),
        )
