"""A program takes a seat, runs, and gives it back."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from coditect_license_sdk import (
    ConfigurationError,
    LeaseLost,
    LeaseState,
    LicenseClient,
    LicenseSuspended,
    NoSeatAvailable,
    NotAuthorized,
    NotEntitled,
    Roots,
    RootsMissing,
    RootUnknown,
    ServerFault,
    ServerUnreachable,
    VerificationFailed,
)
from coditect_license_sdk._trust import Trust
from coditect_license_sdk.testing import Deed, FakeLicenseServer, Forgery, ManualClock
from coditect_license_token.testing import InMemorySigner

MakeClient = Callable[..., LicenseClient]


def test_a_seat_is_held_inside_the_block_and_free_after_it(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    with client.acquire() as lease:
        assert lease.is_valid()
        assert lease.state.value == "held"
        assert lease.remaining_seconds() == 360.0
        assert server.session_ids == [lease.session_id]

    assert server.seats_in_use == 0
    assert lease.state is LeaseState.RELEASED
    assert not lease.is_valid()
    assert lease.remaining_seconds() == 0.0


def test_a_lease_tells_what_was_bought(client: LicenseClient) -> None:
    with client.acquire() as lease:
        assert lease.tier == "pro"
        assert lease.entitlements == {"export"}
        assert lease.license_expires_at.isoformat() == "2028-01-15T08:00:00+00:00"
        assert lease.lease_expires_at.isoformat() == "2027-01-15T08:06:00+00:00"
        assert (lease.seats_in_use, lease.seats_total) == (1, 2)
        lease.require("export")
        with pytest.raises(NotEntitled):
            lease.require("time-travel")

    with pytest.raises(LeaseLost, match="released"):
        lease.require()


def test_only_the_license_token_is_asked_for_so_a_kms_outage_goes_unnoticed(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    server.kms_down = True

    with client.acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].body["proofs"] == ["license_token"]


def test_two_programs_of_one_device_share_a_seat_until_the_last_one_leaves(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    first, second = make_client().acquire(), make_client().acquire()

    assert first.session_id == second.session_id
    assert server.seats_in_use == 1
    first.release()
    assert server.seats_in_use == 1
    second.release()
    assert server.seats_in_use == 0


def test_a_full_license_is_told_with_its_numbers(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    server.seats = 1
    with make_client(hardware_id="device-1").acquire(), pytest.raises(NoSeatAvailable) as caught:
        make_client(hardware_id="device-2").acquire()

    assert (caught.value.seats_total, caught.value.seats_in_use) == (1, 1)


def test_waiting_for_a_seat_ends_when_one_is_free(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.seats = 1
    first = make_client(hardware_id="device-1").acquire(keep=False)
    got: list[str] = []

    def wait_for_seat() -> None:
        got.append(make_client(hardware_id="device-2").acquire(wait_seconds=60, keep=False).tier)

    waiting = threading.Thread(target=wait_for_seat)
    waiting.start()
    clock.settle()
    first.release()
    clock.advance(40)
    waiting.join(30)

    assert got == ["pro"]


def test_waiting_for_a_seat_gives_up_in_time(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.seats = 0
    raised: list[BaseException] = []

    def wait_for_seat() -> None:
        try:
            make_client().acquire(wait_seconds=20)
        except NoSeatAvailable as error:
            raised.append(error)

    waiting = threading.Thread(target=wait_for_seat)
    waiting.start()
    clock.settle()
    clock.advance(20)
    waiting.join(30)

    assert len(raised) == 1
    assert server.count(Deed.ACQUIRE) == 2  # at once, and a last time at the end


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
        trust.absorb(str(server._desk.keyset), now=int(server.clock.wall_seconds()))


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[1]", b"{}", b'{"license_token": 3, "delegation": []}', b"[" * 50_000],
)
def test_no_answer_crashes_the_client(
    client: LicenseClient, server: FakeLicenseServer, body: bytes
) -> None:
    server.answer_next(201, body)

    with pytest.raises((ServerFault, VerificationFailed)):
        client.acquire()


def test_an_answer_without_end_is_cut_off(client: LicenseClient, server: FakeLicenseServer) -> None:
    server.answer_next(201, b"x" * 300_000)

    with pytest.raises(ServerFault, match="more than"):
        client.acquire()


def test_a_refused_license_is_refused_at_once(
    client: LicenseClient, server: FakeLicenseServer
) -> None:
    server.refusal = "license_suspended"

    with pytest.raises(LicenseSuspended):
        client.acquire(wait_seconds=60)


def test_nobody_answers(client: LicenseClient, server: FakeLicenseServer) -> None:
    with server.unreachable(), pytest.raises(ServerUnreachable):
        client.acquire()


def test_a_dropped_answer_is_repaired_by_asking_again(
    make_client: MakeClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    server.drop_next(deed=Deed.ACQUIRE)
    client = make_client()

    with pytest.raises(ServerUnreachable):
        client.acquire()
    with client.acquire():
        assert server.seats_in_use == 1


def test_a_bearer_token_is_asked_for_anew_each_time(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    asked: list[int] = []

    def source() -> str:
        asked.append(1)
        return f" {server.token}\n"

    with make_client(token=source).acquire():
        pass

    assert len(asked) == 2
    assert {request.authorization for request in server.requests} == {f"Bearer {server.token}"}


def test_a_token_source_that_raises_is_a_typed_error(make_client: MakeClient) -> None:
    def source() -> str:
        raise KeyError("vault")

    with pytest.raises(NotAuthorized, match="KeyError"):
        make_client(token=source).acquire()


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "smuggled\r\nX-Header: 1", "ü"])
def test_a_token_that_is_no_header_is_refused(make_client: MakeClient, token: str) -> None:
    with pytest.raises(NotAuthorized):
        make_client(token=lambda: token).acquire()


def test_a_wrong_key_is_not_authorized(make_client: MakeClient) -> None:
    with pytest.raises(NotAuthorized):
        make_client(license_key="WRONG").acquire()


def test_without_roots_a_client_says_how_to_get_them(server: FakeLicenseServer) -> None:
    with pytest.raises(RootsMissing, match="CODITECT_LICENSE_ROOTS"):
        LicenseClient(server.url, license_key=server.license_key)

    assert server.requests == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "ftp://host"},
        {"base_url": "licenses.example"},
        {"base_url": "https://user:secret@host"},
        {"base_url": "https://host?x=1"},
        {"base_url": "https://[broken"},
        {"license_key": "two\nlines"},
        {"license_key": "k" * 257},
        {"instance_id": "x" * 129},
        {"metadata": {"when": object()}},
        {"metadata": {"much": "x" * 5_000}},
        {"license_key": ""},
        {"hardware_id": "x" * 257},
        {"hardware_id": "naïve"},
        {"timeout_seconds": 0},
        {"timeout_seconds": float("nan")},
        {"roots": b"no pem"},
        {"roots": "/no/such/file.pem"},
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_sent(
    server: FakeLicenseServer, wrong: dict[str, object]
) -> None:
    settings: dict[str, object] = {
        "base_url": server.url,
        "license_key": server.license_key,
        "roots": server.roots,
    }

    with pytest.raises(ConfigurationError):
        LicenseClient(**(settings | wrong))  # type: ignore[arg-type]


def test_settings_come_from_the_environment(
    server: FakeLicenseServer, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with LicenseClient(clock=server.clock).acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].body["hardware_id"] == "device-1"


def test_secrets_come_from_files(
    server: FakeLicenseServer,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CODITECT_LICENSE_KEY")
    (tmp_path / "key").write_text(f"{server.license_key}\n")
    (tmp_path / "token").write_text(f"{server.token}\n")
    monkeypatch.setenv("CODITECT_LICENSE_KEY_FILE", f"{tmp_path}/key")
    monkeypatch.setenv("CODITECT_LICENSE_TOKEN_FILE", f"{tmp_path}/token")

    with LicenseClient(clock=server.clock).acquire() as lease:
        assert lease.is_valid()

    assert server.requests[0].authorization == f"Bearer {server.token}"


def test_a_lease_not_kept_has_no_thread_and_outlives_its_program(
    client: LicenseClient, server: FakeLicenseServer, clock: ManualClock
) -> None:
    before = threading.active_count()

    lease = client.acquire(keep=False)

    assert threading.active_count() <= before + 1  # the fake's own connection thread
    clock.advance(359)
    assert lease.is_valid()
    clock.advance(1)
    assert lease.state is LeaseState.LOST
    with pytest.raises(LeaseLost, match="lost"):
        lease.require()


def test_a_later_process_can_release_what_an_earlier_one_took(
    make_client: MakeClient, server: FakeLicenseServer
) -> None:
    lease = make_client(instance_id="job-7").acquire(keep=False)

    make_client(instance_id="job-7").release(lease.session_id)

    assert server.seats_in_use == 0
