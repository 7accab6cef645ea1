"""A rotation in Cloud KMS: through Google's own client, while calls fail in the middle."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foundation.clock import utc_now
from local_kms.faults import Fault
from signing import operations
from signing.errors import SigningError
from signing.key_versions import KeyState
from signing.models import SigningKey
from signing.rotation import Rotation, Standing
from signing.rotation_steps import Periods, Step
from signing.version_name import VersionName
from tests.support.administered_kms import ADMIN, SIGNER, AdministeredKms, administered_kms
from tests.support.clock import ManualClock

AT_ONCE = Periods(spread=0, outlive=0, regret=0)
PERIODS = Periods(spread=100, outlive=100, regret=100)
MUCH = 4
"""More failures than the signer's own attempts bear."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(utc_now())


@pytest.fixture
def kms(db: Path, clock: ManualClock) -> Iterator[AdministeredKms]:
    with administered_kms(db.parent, clock) as running:
        first = running.signer(VersionName.parse(running.first))
        operations.remember_root(first, now=clock(), location=running.first)
        yield running


def rotate(kms: AdministeredKms, clock: ManualClock, periods: Periods = AT_ONCE) -> Standing:
    rotation = Rotation(kms.versions(), issuer="https://licenses.example", clock=clock)
    return rotation.advance(periods)


def states(kms: AdministeredKms) -> list[KeyState]:
    return [version.state for version in kms.versions().all()]


def assert_rotated(kms: AdministeredKms) -> None:
    assert states(kms) == [KeyState.DESTROY_SCHEDULED, KeyState.ENABLED]
    assert [row.status for row in SigningKey.objects.all()] == ["retired", "active"]


def test_a_whole_rotation(kms: AdministeredKms, clock: ManualClock) -> None:
    assert rotate(kms, clock).outcome == "done"

    assert_rotated(kms)


def test_a_key_that_is_being_generated_is_waited_for(
    kms: AdministeredKms, clock: ManualClock
) -> None:
    kms.server.habits.generation_seconds = 60
    with pytest.raises(SigningError, match="being made"):
        rotate(kms, clock)
    clock.advance(60)

    rotate(kms, clock)

    assert_rotated(kms)


@pytest.mark.parametrize("is_lost", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize(
    "rpc",
    [
        "CreateCryptoKeyVersion",
        "GetCryptoKeyVersion",
        "ListCryptoKeyVersions",
        "GetPublicKey",
        "AsymmetricSign",
        "UpdateCryptoKeyVersion",
        "DestroyCryptoKeyVersion",
    ],
)
def test_a_call_that_fails_in_the_middle_is_made_good_by_a_repetition(
    kms: AdministeredKms, clock: ManualClock, rpc: str, is_lost: bool
) -> None:
    kms.server.faults.set(rpc, Fault(code="UNAVAILABLE", after=is_lost, times=MUCH))
    failures = 0
    for _ in range(2 * MUCH):
        try:
            rotate(kms, clock)
            break
        except SigningError:
            failures += 1

    assert failures
    kms.server.faults.clear()
    assert_rotated(kms)


def test_without_the_right_to_sign_no_successor_is_named(
    kms: AdministeredKms, clock: ManualClock
) -> None:
    kms.server.withdraw(SIGNER, on=kms.key, of=kms.account)
    with pytest.raises(SigningError):
        rotate(kms, clock)
    assert [row.status for row in SigningKey.objects.all()] == ["active"]
    kms.server.grant(SIGNER, on=kms.key, to=kms.account)

    rotate(kms, clock)

    assert_rotated(kms)


def test_the_right_to_administer_is_not_needed_before_the_first_step_that_uses_it(
    kms: AdministeredKms, clock: ManualClock
) -> None:
    rotate(kms, clock, PERIODS)
    kms.server.withdraw(ADMIN, on=kms.key, of=kms.account)
    clock.advance(100)

    with pytest.raises(SigningError, match=ADMIN):
        rotate(kms, clock)

    assert [row.status for row in SigningKey.objects.all()] == ["active", "next"]


def test_in_an_emergency_the_right_goes_first_then_the_key_then_the_key_set(
    kms: AdministeredKms, clock: ManualClock
) -> None:
    """What docs/runbooks/key-compromise.md says, in its order, and what each step is worth."""
    Rotation(kms.versions(), issuer="https://licenses.example", clock=clock).advance(
        PERIODS, until=Step.PUBLISH
    )
    thief = kms.server.service_account("thief", project="vault")
    kms.server.grant(SIGNER, on=kms.key, to=thief)
    kms.server.habits.disable_seconds = 3_600  # disabling alone would let him sign for an hour
    stolen = kms.signer(VersionName.parse(kms.first))

    kms.server.withdraw(SIGNER, on=kms.key, of=thief)
    kms.server.withdraw(SIGNER, on=kms.key, of=kms.account)
    with pytest.raises(SigningError):
        stolen.sign(b"a lease for ever")
    kms.versions().disable(kms.first)
    kms.server.grant(SIGNER, on=kms.key, to=kms.account)
    signs = operations.revoke_root(stolen.key_id, now=clock())

    assert states(kms) == [KeyState.DISABLED, KeyState.ENABLED]
    assert [row.status for row in SigningKey.objects.all()] == ["revoked", "active"]
    successor = kms.signer(VersionName.parse(signs.location))
    successor.public_key.verify(b"the key set", successor.sign(b"the key set"))
