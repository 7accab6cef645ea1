"""One root follows another: step by step, after a crash anywhere, never twice, never too early."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection

from coditect_license_token import Roots, follow_links, open_keyset
from foundation.clock import utc_now
from signing import operations, queries
from signing.errors import KeptForEver, RotationRefused, SigningUnavailable, UnsafeKey
from signing.key_versions import KeyState, KeyVersion
from signing.local import LocalSigner
from signing.local_versions import LocalKeyVersions
from signing.models import KeyRotation, SigningKey
from signing.rotation import BUSY_SECONDS, Rotation, Standing
from signing.rotation_steps import Periods, Step
from tests.support.clock import ManualClock
from tests.support.roots import making_roots, root_signer

ISSUER = "https://licenses.example"
PERIODS = Periods(spread=3_000, outlive=2_000, regret=1_000)
AT_ONCE = Periods(spread=0, outlive=0, regret=0)
FIRST, SECOND = "file:root-key.pem", "file:root-key-2.pem"

pytestmark = pytest.mark.usefixtures("db")


class Interruption(Exception):
    """The process ends here."""


class Hurdles(LocalKeyVersions):
    """Keys whose administration does something of the test's choice before and after each deed."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        super().__init__(folder / "root-key.pem", clock=clock, make=making_roots())
        self.at: Callable[[str], object] = lambda _moment: None

    def create(self) -> KeyVersion:
        self.at("before create")
        made = super().create()
        self.at("after create")
        return made

    def signer(self, location: str) -> LocalSigner:
        self.at("before signer")
        return super().signer(location)

    def disable(self, location: str) -> None:
        self.at("before disable")
        super().disable(location)
        self.at("after disable")

    def schedule_destruction(self, location: str) -> None:
        self.at("before destroy")
        super().schedule_destruction(location)
        self.at("after destroy")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(utc_now())


@pytest.fixture
def versions(db: Path, clock: ManualClock) -> Hurdles:
    return first_root(db.parent, clock)


def first_root(folder: Path, clock: ManualClock) -> Hurdles:
    """Make the first root of an installation and let it sign."""
    made = Hurdles(folder, clock)
    location = made.create().location
    operations.remember_root(made.signer(location), now=clock(), location=location)
    return made


@pytest.fixture
def rotation(versions: Hurdles, clock: ManualClock) -> Rotation:
    return Rotation(versions, issuer=ISSUER, clock=clock)


def statuses() -> dict[str, str]:
    return {row.location: row.status for row in SigningKey.objects.all()}


def states(versions: LocalKeyVersions) -> dict[str, KeyState]:
    return {version.location: version.state for version in versions.all()}


def key_at(location: str) -> SigningKey:
    return SigningKey.objects.get(location=location)


def assert_rotated(versions: LocalKeyVersions) -> None:
    """One new root signs, and the old one ends in the right order."""
    assert statuses() == {FIRST: "retired", SECOND: "active"}
    assert states(versions) == {FIRST: KeyState.DESTROY_SCHEDULED, SECOND: KeyState.ENABLED}
    assert key_at(FIRST).laid_down_at is not None
    assert key_at(SECOND).laid_down_at is None
    assert [row.outcome for row in KeyRotation.objects.all()] == ["done"]


class TestTheSteps:
    def test_the_first_call_publishes_the_next_key_and_waits(
        self, rotation: Rotation, clock: ManualClock
    ) -> None:
        standing = rotation.advance(PERIODS)

        assert statuses() == {FIRST: "active", SECOND: "next"}
        assert standing.step is Step.SWITCH
        assert standing.due_at == clock() + timedelta(seconds=3_000)

    def test_each_wait_is_waited_for_to_the_second(
        self, rotation: Rotation, versions: Hurdles, clock: ManualClock
    ) -> None:
        seen = []
        for seconds in (0, 2_999, 1, 1_999, 1, 999, 1):
            clock.advance(seconds)
            seen.append(rotation.advance(PERIODS).step)

        assert seen == [
            Step.SWITCH,
            Step.SWITCH,
            Step.RETIRE,
            Step.RETIRE,
            Step.DESTROY,
            Step.DESTROY,
            None,
        ]
        assert_rotated(versions)

    def test_each_change_of_the_key_set_is_one_version(
        self, rotation: Rotation, versions: Hurdles
    ) -> None:
        before = queries.key_set_version()

        rotation.advance(AT_ONCE)

        assert_rotated(versions)
        assert queries.key_set_version() == before + 3  # published, switched, laid down

    def test_a_call_too_many_changes_nothing(self, rotation: Rotation, versions: Hurdles) -> None:
        first = rotation.advance(PERIODS)
        version = queries.key_set_version()

        assert rotation.advance(PERIODS) == first
        assert queries.key_set_version() == version
        assert len(versions.all()) == 2

    def test_the_old_root_names_the_new_one(self, rotation: Rotation, clock: ManualClock) -> None:
        rotation.advance(PERIODS)

        old, new = root_signer(0), root_signer(1)
        reached = follow_links([key_at(FIRST).link], roots=Roots([old.public_key]), issuer=ISSUER)
        assert set(reached) == {old.public_key, new.public_key}
        named = open_keyset(
            key_at(FIRST).link, roots=Roots([old.public_key]), now=int(clock().timestamp())
        )
        assert [entry.status.value for entry in named.entries] == ["active", "next"]

    def test_periods_are_fixed_when_a_rotation_begins(self, rotation: Rotation) -> None:
        first = rotation.advance(PERIODS)

        assert rotation.advance(AT_ONCE) == first

    def test_until_publish_leaves_a_stand_by(self, rotation: Rotation) -> None:
        standing = rotation.advance(AT_ONCE, until=Step.PUBLISH)

        assert standing.step is Step.SWITCH
        assert statuses() == {FIRST: "active", SECOND: "next"}

    def test_two_rotations_lead_from_the_first_root_to_the_third(self, rotation: Rotation) -> None:
        rotation.advance(AT_ONCE)
        rotation.advance(AT_ONCE)

        links = queries.stored_keys(utc_now()).links
        reached = follow_links(links, roots=Roots([root_signer(0).public_key]))
        assert root_signer(2).public_key in reached
        assert len(links) == 2

    def test_a_clock_that_goes_back_makes_it_wait_longer(
        self, rotation: Rotation, clock: ManualClock
    ) -> None:
        rotation.advance(PERIODS)
        clock.advance(-10_000)

        clock.advance(12_999)
        assert rotation.advance(PERIODS).step is Step.SWITCH
        clock.advance(1)
        assert rotation.advance(PERIODS).step is Step.RETIRE


class TestWrongOrder:
    def test_without_a_first_root_there_is_nothing_to_rotate(
        self, tmp_path: Path, clock: ManualClock
    ) -> None:
        empty = Rotation(Hurdles(tmp_path, clock), issuer=ISSUER, clock=clock)

        with pytest.raises(RotationRefused, match="no key is active"):
            empty.advance(AT_ONCE)

        assert not KeyRotation.objects.exists()

    @pytest.mark.usefixtures("rotation")
    def test_a_key_that_was_not_published_does_not_become_active(self) -> None:
        with pytest.raises(UnsafeKey):
            operations.make_active(root_signer(1).key_id)

    def test_a_retired_key_does_not_become_active_again(self, rotation: Rotation) -> None:
        rotation.advance(AT_ONCE)

        with pytest.raises(RotationRefused, match="retired, not next"):
            operations.make_active(key_at(FIRST).key_id)

    @pytest.mark.usefixtures("rotation")
    def test_the_active_key_is_not_laid_down(self, clock: ManualClock) -> None:
        with pytest.raises(RotationRefused, match="active"):
            operations.lay_down(key_at(FIRST).key_id, now=clock())

    def test_a_second_key_is_not_published_as_next(
        self, rotation: Rotation, clock: ManualClock
    ) -> None:
        rotation.advance(PERIODS)

        with pytest.raises(RotationRefused, match="next already"):
            operations.publish_next(root_signer(2), location="file:x", link="", now=clock())

    def test_a_key_that_had_its_turn_is_not_published_again(
        self, rotation: Rotation, clock: ManualClock
    ) -> None:
        rotation.advance(AT_ONCE)

        with pytest.raises(UnsafeKey, match="retired already"):
            operations.publish_next(root_signer(0), location=FIRST, link="", now=clock())

    def test_a_key_disabled_meanwhile_does_not_become_the_root(
        self, rotation: Rotation, versions: Hurdles, clock: ManualClock
    ) -> None:
        rotation.advance(PERIODS)
        versions.disable(SECOND)
        clock.advance(3_000)

        with pytest.raises(UnsafeKey, match="disabled"):
            rotation.advance(PERIODS)

        assert statuses() == {FIRST: "active", SECOND: "next"}


class TestAborting:
    def test_before_the_switch_the_new_key_is_given_up(
        self, rotation: Rotation, versions: Hurdles
    ) -> None:
        rotation.advance(PERIODS)

        assert rotation.abort().outcome == "aborted"

        assert statuses() == {FIRST: "active", SECOND: "retired"}
        assert states(versions)[SECOND] is KeyState.DESTROY_SCHEDULED
        assert rotation.standing() is None

    def test_a_key_made_and_not_noted_before_a_crash_is_given_up_too(
        self, rotation: Rotation, versions: Hurdles
    ) -> None:
        versions.at = fail_at("after create", Interruption())
        with pytest.raises(Interruption):
            rotation.advance(PERIODS)

        rotation.abort()

        assert states(versions)[SECOND] is KeyState.DESTROY_SCHEDULED

    def test_the_next_rotation_takes_another_key(self, rotation: Rotation) -> None:
        rotation.advance(PERIODS)
        rotation.abort()

        rotation.advance(AT_ONCE)

        assert statuses() == {FIRST: "retired", SECOND: "retired", "file:root-key-3.pem": "active"}

    def test_after_the_switch_it_is_too_late(self, rotation: Rotation) -> None:
        rotation.advance(replace(AT_ONCE, outlive=10))

        with pytest.raises(RotationRefused, match="signs already"):
            rotation.abort()

    def test_without_a_rotation_there_is_nothing_to_abort(self, rotation: Rotation) -> None:
        with pytest.raises(RotationRefused, match="no rotation"):
            rotation.abort()

    def test_a_scheduled_destruction_is_taken_back(
        self, rotation: Rotation, versions: Hurdles
    ) -> None:
        rotation.advance(AT_ONCE)

        rotation.restore(key_at(FIRST).key_id)

        assert states(versions)[FIRST] is KeyState.DISABLED


def fail_at(moment: str, failure: Exception) -> Callable[[str], None]:
    """Fail once, when that moment comes."""
    pending = [failure]

    def at(now: str) -> None:
        if now == moment and pending:
            raise pending.pop()

    return at


class Countdown:
    """Ends the process at the so manieth look at the clock or deed of the keys' keeper."""

    def __init__(self, left: int, clock: ManualClock) -> None:
        self.left = left
        self._clock = clock

    def __call__(self, _moment: str = "") -> None:
        self.left -= 1
        if self.left == 0:
            raise Interruption

    def clock(self) -> object:
        self()
        return self._clock()


MOMENTS = 27


class TestCrashes:
    @pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
    def test_after_a_crash_at_any_moment_the_rotation_goes_on(
        self, versions: Hurdles, clock: ManualClock, moment: int
    ) -> None:
        countdown = Countdown(moment, clock)
        versions.at = countdown
        doomed = Rotation(versions, issuer=ISSUER, clock=countdown.clock)  # type: ignore[arg-type]
        with pytest.raises(Interruption):
            doomed.advance(AT_ONCE)
        versions.at = lambda _moment: None

        Rotation(versions, issuer=ISSUER, clock=clock).advance(AT_ONCE)

        assert_rotated(versions)

    def test_all_moments_were_tried(self, versions: Hurdles, clock: ManualClock) -> None:
        countdown = Countdown(10**6, clock)
        versions.at = countdown
        Rotation(versions, issuer=ISSUER, clock=countdown.clock).advance(AT_ONCE)  # type: ignore[arg-type]

        assert 10**6 - countdown.left == MOMENTS

    @pytest.mark.parametrize(
        "moment",
        ["before create", "after create", "before disable", "after disable", "after destroy"],
    )
    def test_keys_that_cannot_be_reached_stop_it_and_a_repetition_goes_on(
        self, rotation: Rotation, versions: Hurdles, moment: str
    ) -> None:
        versions.at = fail_at(moment, SigningUnavailable("away", retry_after_seconds=1))
        with pytest.raises(SigningUnavailable):
            rotation.advance(AT_ONCE)

        rotation.advance(AT_ONCE)

        assert_rotated(versions)

    def test_a_root_that_does_not_sign_the_link_stops_the_publication(
        self, rotation: Rotation, versions: Hurdles
    ) -> None:
        rotation.advance(AT_ONCE, until=Step.CREATE)
        versions.disable(FIRST)

        with pytest.raises(UnsafeKey):
            rotation.advance(AT_ONCE)

        assert statuses() == {FIRST: "active"}


class TestTwoOperators:
    def test_the_second_is_refused_while_the_first_is_at_it(
        self, rotation: Rotation, versions: Hurdles, clock: ManualClock
    ) -> None:
        refused = []

        def meanwhile(moment: str) -> None:
            if moment == "before create":
                with pytest.raises(RotationRefused, match="another operator") as refusal:
                    Rotation(versions, issuer=ISSUER, clock=clock).advance(AT_ONCE)
                refused.append(refusal)

        versions.at = meanwhile
        rotation.advance(AT_ONCE)

        assert len(refused) == 1
        assert_rotated(versions)

    def test_one_that_was_killed_keeps_the_other_out_for_two_minutes(
        self, rotation: Rotation, clock: ManualClock
    ) -> None:
        rotation.advance(PERIODS)
        KeyRotation.objects.update(busy_until=clock() + timedelta(seconds=BUSY_SECONDS))

        clock.advance(BUSY_SECONDS - 1)
        with pytest.raises(RotationRefused):
            rotation.advance(PERIODS)
        clock.advance(1)
        assert rotation.advance(PERIODS).step is Step.SWITCH

    def test_a_slow_first_one_does_not_write_over_the_second(
        self, rotation: Rotation, versions: Hurdles, clock: ManualClock
    ) -> None:
        quick_began: list[str] = []
        quick: list[Standing] = []

        def meanwhile(moment: str) -> None:
            if moment == "after create" and not quick_began:
                quick_began.append(moment)
                clock.advance(BUSY_SECONDS)
                quick.append(Rotation(versions, issuer=ISSUER, clock=clock).advance(AT_ONCE))

        versions.at = meanwhile
        with pytest.raises(RotationRefused, match="took over"):
            rotation.advance(AT_ONCE)

        assert quick[0].outcome == "done"
        assert_rotated(versions)


class TestKeptForEver:
    @pytest.mark.usefixtures("rotation")
    def test_the_model_refuses(self) -> None:
        with pytest.raises(KeptForEver):
            key_at(FIRST).delete()
        with pytest.raises(KeptForEver):
            SigningKey.objects.all().delete()

    @pytest.mark.usefixtures("rotation")
    @pytest.mark.parametrize(
        "statement", ["DELETE FROM signing_key", "UPDATE signing_key SET pem = 'another'"]
    )
    def test_the_database_refuses(self, statement: str) -> None:
        with pytest.raises(IntegrityError, match="kept for ever"), connection.cursor() as cursor:
            cursor.execute(statement)

        assert key_at(FIRST).pem.startswith("-----BEGIN")

    def test_destroyed_keys_stay_published_as_long_as_there_is_room(
        self, rotation: Rotation
    ) -> None:
        for _ in range(9):
            rotation.advance(AT_ONCE)

        assert SigningKey.objects.count() == 10
        published = queries.stored_keys(utc_now()).entries
        assert [entry.key.key_id for entry in published] == [
            root_signer(number).key_id for number in range(2, 10)
        ]
        assert len(queries.key_set_entries()) == 10
