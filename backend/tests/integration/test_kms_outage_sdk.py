"""A program with the SDK, while Cloud KMS is gone: real client, plane and KMS, in virtual time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from coditect_license_sdk import Lease, LicenseClient, ServerBusy
from coditect_license_sdk._wire import Answer, Call
from coditect_license_sdk.testing import ManualClock
from local_kms.faults import Fault
from tests.support.cloud_kms import SIGN, CloudKms
from tests.support.customer import Customer
from tests.support.plane import ISSUER, Plane

STEP_SECONDS = 20
AN_HOUR = 3_600
A_DAY = 86_400


class PlaneTransport:
    """Carries the SDK's calls into the plane."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane

    def send(self, call: Call, *, authorization: str | None) -> Answer:
        headers = {"authorization": authorization} if authorization else {}
        body = {} if call.body is None else {"json": call.body}
        answer = self._plane.call(
            call.method, call.path, params=dict(call.query), headers=headers, **body
        )
        return Answer(
            status=answer.status_code,
            body=answer.content,
            headers={name.lower(): value for name, value in answer.headers.items()},
        )

    def close(self) -> None:
        """The plane is the test's."""


class World:
    """The plane, a program's client, and one time for both."""

    def __init__(self, plane: Plane, folder: Path) -> None:
        self.plane = plane
        self.clock = ManualClock(wall_seconds=plane.clock.now.timestamp())
        self.alice = Customer("alice", seats=2, key_auth=True)
        self.folder = folder

    def client(self, device: str) -> LicenseClient:
        return LicenseClient(
            ISSUER,
            license_key=self.alice.key,
            roots=self.plane.roots,
            issuer=ISSUER,
            hardware_id=device,
            cache_dir=self.folder / device,
            transport=PlaneTransport(self.plane),
            clock=self.clock,
        )

    def pass_time(self, seconds: int) -> None:
        """Let time pass for both, giving the keeper its turn at each step."""
        for _ in range(seconds // STEP_SECONDS):
            self.plane.pass_time(STEP_SECONDS)
            self.clock.advance(STEP_SECONDS)
            self.clock.settle()


@pytest.fixture
def world(db: Path, tmp_path: Path, kms: CloudKms) -> Iterator[World]:
    with Plane(db, tmp_path, signer=kms.signer()) as plane:
        yield World(plane, tmp_path)


def test_s16_cloud_kms_gone_for_an_hour_a_program_notices_nothing(
    world: World, kms: CloudKms
) -> None:
    told: list[str] = []

    def noticed(_: Lease) -> None:
        told.append("noticed")

    client = world.client("laptop")
    lease = client.acquire(on_at_risk=noticed, on_lost=noticed, on_restored=noticed)
    world.clock.settle()
    kms.server.faults.set(SIGN, Fault(code="UNAVAILABLE"))

    for _ in range(AN_HOUR // 300):
        world.pass_time(300)
        assert lease.is_valid()
        assert lease.remaining_seconds() > 0
    newcomer = world.client("another").acquire(keep=False)

    assert newcomer.is_valid()
    assert told == []
    newcomer.release()
    lease.release()


def test_s16_gone_for_longer_than_the_delegation_lives_a_newcomer_is_told_to_come_back(
    world: World, kms: CloudKms
) -> None:
    kms.server.faults.set(SIGN, Fault(code="UNAVAILABLE"))
    world.plane.clock.advance(A_DAY)

    with pytest.raises(ServerBusy):
        world.client("laptop").acquire(keep=False)
