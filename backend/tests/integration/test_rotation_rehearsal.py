"""Two rotations, seen by clients that pinned the first root: of this commit, and frozen long ago.

Real servers and clients, real signatures; only time is moved by hand. The frozen SDK is the wheel
of a commit before there were links, editions and revocation lists.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import uvicorn

from coditect_license_token import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    Revocations,
    seal_keyset,
    seal_revocations,
)
from signing import operations, queries
from signing.local_versions import LocalKeyVersions
from signing.models import SigningKey
from signing.root import RootKeys
from signing.root_watch import RootWatch
from signing.rotation import Rotation
from signing.rotation_steps import Periods, Step
from tests.support.customer import Customer
from tests.support.guests import Guest, frozen_sdk
from tests.support.plane import ISSUER, Plane
from tests.support.roots import making_roots, root_signer

PERIODS = Periods.from_days(longest_offline=7, regret=30)
FIRST = "file:root-key.pem"
HOUR, DAY = 3_600, 86_400


class Installation:
    """A server on a real socket, whose root can be rotated.

    ``replayed`` is what a man in the middle answers in place of the key set.
    """

    def __init__(self, plane: Plane, folder: Path) -> None:
        self.plane = plane
        self.versions = LocalKeyVersions(
            folder / "root-key.pem", clock=plane.clock, make=making_roots()
        )
        operations.remember_root(plane.root, now=plane.clock(), location=FIRST)
        self.rotation = Rotation(self.versions, issuer=ISSUER, clock=plane.clock)
        self.watch = RootWatch(
            plane.present_root,
            lambda location, stored: self.versions.signer(location),  # noqa: ARG005
            clock=plane.clock,
            then=plane.seals.renew_if_due,
        )
        self.replayed: dict[str, Any] | None = None
        self._server = uvicorn.Server(uvicorn.Config(self, lifespan="off", log_level="error"))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.guests: list[Guest] = []

    def __enter__(self) -> Self:
        self._serving = self.plane.begin_work(self._server.serve(sockets=[self._socket]))
        self.follow()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._serving.result(30)
        self._socket.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand a request to the plane, unless it asks for the keys and somebody replays them."""
        if self.replayed is None or scope["path"] != "/api/v1/licenses/keys/":
            await self.plane.application(scope, receive, send)
            return
        body = json.dumps(self.replayed).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def document(self) -> dict[str, Any]:
        """Return the key set as it is published now."""
        return self.plane.published.document(int(self.plane.clock().timestamp()))

    def follow(self) -> None:
        """Have the server see what the database says, as it does within a minute."""
        self.watch.look()
        self.plane.published.expire()
        self.plane.own_tokens.expire()
        self.plane.run(self.plane.seals.renew_if_due())

    def pass_time(self, seconds: float) -> None:
        """Let time pass here and at every guest."""
        self.plane.clock.advance(seconds)
        for guest in self.guests:
            guest.ask("advance", seconds)
        self.follow()

    def advance(self, until: Step | None = None) -> None:
        """Do what is due of the rotation."""
        self.rotation.advance(PERIODS, until=until)
        self.follow()

    def switch(self) -> None:
        """Rotate as far as the switch, with all the waiting, an hour after the guests' calls."""
        self.advance(Step.PUBLISH)
        self.pass_time(PERIODS.spread)
        self.advance(Step.SWITCH)

    def finish(self) -> None:
        """Wait until the old root signs nothing more and is scheduled for destruction."""
        self.pass_time(PERIODS.outlive)
        self.advance()
        self.pass_time(PERIODS.regret)
        self.advance()
        assert queries.open_rotation() is None


@pytest.fixture
def installation(plane: Plane, tmp_path: Path) -> Iterator[Installation]:
    with Installation(plane, tmp_path) as running:
        yield running


class Device:
    """A guest of one installation, that pinned the first root and nothing else."""

    def __init__(
        self, installation: Installation, alice: Customer, cache: Path, *, sdk: Path | None
    ) -> None:
        self._sdk = sdk
        self._told: dict[str, object] = {
            "url": installation.url,
            "key": alice.key,
            "roots": installation.plane.root.public_key.pem(),
            "cache": str(cache),
            "device": "device-1",
        }
        self._installation = installation
        self.restart()

    def restart(self) -> None:
        """End the program, if it runs, and start it anew on the same device."""
        self.stop()
        self.guest = Guest(self._sdk)
        wall_seconds = self._installation.plane.clock().timestamp()
        self.guest.ask("start", {**self._told, "wall_seconds": wall_seconds})
        self._installation.guests.append(self.guest)

    def stop(self) -> None:
        """End the program."""
        for guest in self._installation.guests:
            guest.__exit__()
        self._installation.guests.clear()

    def acquire(self) -> dict[str, Any]:
        return self.guest.ask("acquire")

    def is_granted(self) -> bool:
        """Ask for a seat and say whether the signed answer was believed."""
        return "said" in self.acquire()


@pytest.fixture(params=["this commit", "frozen"])
def device(
    request: pytest.FixtureRequest, installation: Installation, alice: Customer, tmp_path: Path
) -> Iterator[Device]:
    sdk = frozen_sdk() if request.param == "frozen" else None
    made = Device(installation, alice, tmp_path / "cache", sdk=sdk)
    yield made
    made.stop()


@pytest.fixture
def device_of_today(
    installation: Installation, alice: Customer, tmp_path: Path
) -> Iterator[Device]:
    """For what the frozen SDK cannot: it asks for keys only when it meets an unknown root."""
    made = Device(installation, alice, tmp_path / "cache", sdk=None)
    yield made
    made.stop()


@pytest.fixture
def is_frozen(device: Device) -> bool:
    return "frozen" in str(device.guest.ask("where")["said"])


def test_the_frozen_sdk_is_what_runs_where_it_is_asked_for(device: Device, is_frozen: bool) -> None:
    assert is_frozen is (device._sdk is not None)


def test_online_across_two_rotations(installation: Installation, device: Device) -> None:
    granted = [device.is_granted()]
    for _ in range(2):
        installation.switch()
        granted.append(device.is_granted())
        installation.finish()
        granted.append(device.is_granted())

    assert granted == [True] * 5
    assert installation.plane.present_root.signer.key_id == root_signer(1).key_id


def test_each_call_of_a_rotation_is_answered(installation: Installation, device: Device) -> None:
    """Delegation and root change over one after the other: at no moment is an answer no good."""
    steps = (installation.watch.look, installation.plane.published.expire, installation.follow)
    installation.advance(Step.PUBLISH)
    installation.pass_time(PERIODS.spread)
    installation.rotation.advance(PERIODS, until=Step.SWITCH)

    granted = [device.is_granted()]
    for step in steps:
        step()
        granted.append(device.is_granted())

    assert granted == [True] * 4


def test_offline_while_the_root_is_switched(installation: Installation, device: Device) -> None:
    installation.advance(Step.PUBLISH)
    installation.pass_time(PERIODS.spread)
    session = device.acquire()["said"]
    installation.advance(Step.SWITCH)
    device.restart()

    assert device.guest.ask("kept") == {"said": session}
    assert device.is_granted()


def test_a_lease_of_the_new_root_starts_a_program_offline_after_a_day_without_key_sets(
    installation: Installation, device: Device, is_frozen: bool
) -> None:
    """The key set that led to the new root has expired by then; its roots are believed still."""
    installation.switch()
    assert device.is_granted()
    installation.pass_time(DAY - 60)
    session = device.acquire()["said"]
    installation.pass_time(120)

    device.restart()

    # The frozen SDK forgets the new root with its set, and has to go online.
    assert device.guest.ask("kept") == {"said": None if is_frozen else session}
    assert device.is_granted()


def test_offline_across_two_whole_rotations(
    installation: Installation, device: Device, is_frozen: bool
) -> None:
    assert device.is_granted()
    device.stop()
    for _ in range(2):
        installation.switch()
        installation.finish()

    device.restart()

    # Links lead from the first root to the third; the frozen SDK cannot follow them.
    assert device.is_granted() is not is_frozen


def test_a_key_set_of_before_is_refused_and_the_true_one_taken(
    installation: Installation, device: Device
) -> None:
    installation.switch()
    assert device.is_granted()
    old = installation.document()
    installation.finish()
    assert device.is_granted()
    installation.switch()

    installation.replayed = old
    assert not device.is_granted()

    installation.replayed = None
    assert device.is_granted()


def test_an_expired_key_set_is_refused_and_what_was_believed_goes_on(
    installation: Installation, device: Device
) -> None:
    assert device.is_granted()
    expired = installation.document()
    installation.advance(Step.PUBLISH)
    installation.pass_time(PERIODS.spread)
    installation.replayed = expired

    assert device.is_granted()  # the first root signs still: nobody needs the set
    installation.advance(Step.SWITCH)
    assert not device.is_granted()
    installation.replayed = None
    assert device.is_granted()


def attack(installation: Installation) -> None:
    """Answer as somebody who has the first root, and a root of his own."""
    attacker, now = root_signer(7), int(installation.plane.clock().timestamp())
    installation.replayed = forged(installation.plane.root, attacker, now=now)
    installation.plane.present_root.become(RootKeys(active=attacker))
    installation.plane.run(installation.plane.seals.renew_if_due())


def test_after_an_emergency_nothing_that_the_revoked_root_signs_is_believed(
    installation: Installation, device_of_today: Device
) -> None:
    """The stand-by takes over at once, and clients that pinned the revoked root follow it."""
    installation.advance(Step.PUBLISH)
    operations.revoke_root(installation.plane.root.key_id, now=installation.plane.clock())
    installation.follow()
    granted = device_of_today.is_granted()

    attack(installation)

    assert granted
    assert not device_of_today.is_granted()
    device_of_today.restart()
    assert not device_of_today.is_granted()


def test_a_root_revoked_between_two_rotations_is_believed_no_more(
    installation: Installation, device: Device, is_frozen: bool
) -> None:
    installation.switch()
    assert device.is_granted()
    operations.revoke_root(installation.plane.root.key_id, now=installation.plane.clock())
    installation.finish()
    installation.switch()
    assert device.is_granted()

    attack(installation)

    assert not device.is_granted()
    device.restart()
    # The frozen SDK forgets with its process what no pinned root has said: it has to be replaced.
    assert device.is_granted() is is_frozen


def forged(stolen: Any, attacker: Any, *, now: int) -> dict[str, Any]:
    """Return the best key set that somebody can make who has the revoked root."""
    common: dict[str, Any] = {
        "issuer": ISSUER,
        "version": 99,
        "issued_at": now,
        "expires_at": now + DAY,
    }
    entries = tuple(
        KeySetEntry(key=root.public_key, status=status, not_before=1)
        for root, status in ((stolen, KeyStatus.RETIRED), (attacker, KeyStatus.ACTIVE))
    )
    keyset = seal_keyset(KeySet(min_profile=1, entries=entries, **common), root=stolen)
    listed = seal_revocations(Revocations(**common), root=stolen)
    return {
        "keyset": keyset,
        "editions": [{"kid": stolen.key_id, "keyset": keyset, "revocations": listed}],
        "links": [keyset],
        "version": 99,
        "keys": [],
    }


def test_the_old_root_is_gone_and_its_public_key_is_not(installation: Installation) -> None:
    installation.switch()
    installation.finish()

    states = {version.location: version.state.value for version in installation.versions.all()}
    assert states[FIRST] == "scheduled for destruction"
    assert SigningKey.objects.get(location=FIRST).status == "retired"
