"""Every keeper of private root keys does the same: one suite for all of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from coditect_license_token import Algorithm
from foundation.clock import utc_now
from local_kms.faults import Fault
from signing.errors import SigningUnavailable, UnsafeKey
from signing.key_versions import KeyState, KeyVersions
from signing.local_versions import DESTRUCTION_SECONDS, LocalKeyVersions
from tests.support.administered_kms import ADMIN, AdministeredKms, administered_kms
from tests.support.clock import ManualClock
from tests.support.roots import making_roots


@dataclass
class Keeper:
    """A keeper of keys, and how to let the term of a destruction pass."""

    versions: KeyVersions
    pass_term: Callable[[], None]


@contextmanager
def local(folder: Path) -> Iterator[Keeper]:
    clock = ManualClock()
    versions = LocalKeyVersions(folder / "root-key.pem", clock=clock, make=making_roots())
    yield Keeper(versions, lambda: clock.advance(DESTRUCTION_SECONDS))


@contextmanager
def cloud(folder: Path) -> Iterator[Keeper]:
    clock = ManualClock(utc_now())
    with administered_kms(folder, clock) as kms:
        yield Keeper(kms.versions(), lambda: clock.advance(DESTRUCTION_SECONDS))


@pytest.fixture(params=[local, cloud])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    with request.param(tmp_path) as made:
        yield made


@pytest.fixture
def versions(keeper: Keeper) -> KeyVersions:
    return keeper.versions


@pytest.fixture
def location(versions: KeyVersions) -> str:
    return versions.create().location


KEY = "projects/vault/locations/us-central1/keyRings/ring/cryptoKeys/root"
NOBODYS = [
    "file:root-key-9.pem",
    "file:../root-key.pem",
    "",
    "root-key.pem",
    f"{KEY}/cryptoKeyVersions/99",
    f"{KEY}s/cryptoKeyVersions/1",
]


def state(versions: KeyVersions, location: str) -> KeyState:
    return versions.find(location).state


def test_a_new_key_is_enabled_and_signs(versions: KeyVersions, location: str) -> None:
    signer = versions.signer(location)

    assert state(versions, location) is KeyState.ENABLED
    assert signer.algorithm is Algorithm.RS256
    signer.public_key.verify(b"a message", signer.sign(b"a message"))


def test_each_new_key_is_another_and_all_are_listed_oldest_first(versions: KeyVersions) -> None:
    made = [versions.create() for _ in range(2)]

    assert list(versions.all())[-2:] == made
    assert len({versions.signer(version.location).key_id for version in made}) == 2


@pytest.mark.parametrize("times", [1, 2])
def test_a_disabled_key_signs_nothing_until_it_is_enabled(
    versions: KeyVersions, location: str, times: int
) -> None:
    key_id = versions.signer(location).key_id
    for _ in range(times):
        versions.disable(location)

    assert state(versions, location) is KeyState.DISABLED
    with pytest.raises(UnsafeKey, match="disabled"):
        versions.signer(location)

    for _ in range(times):
        versions.enable(location)
    assert versions.signer(location).key_id == key_id


@pytest.mark.parametrize("times", [1, 2])
def test_a_scheduled_destruction_can_be_taken_back_in_its_term(
    versions: KeyVersions, location: str, times: int
) -> None:
    versions.disable(location)
    for _ in range(times):
        versions.schedule_destruction(location)
    assert state(versions, location) is KeyState.DESTROY_SCHEDULED
    with pytest.raises(UnsafeKey):
        versions.enable(location)

    for _ in range(times):
        versions.restore(location)

    assert state(versions, location) is KeyState.DISABLED


def test_after_its_term_a_key_is_gone_for_good(keeper: Keeper, location: str) -> None:
    versions = keeper.versions
    versions.disable(location)
    versions.schedule_destruction(location)
    keeper.pass_term()

    assert state(versions, location) is KeyState.DESTROYED
    versions.schedule_destruction(location)
    for deed in (versions.restore, versions.enable, versions.disable, versions.signer):
        with pytest.raises(UnsafeKey):
            deed(location)
    assert versions.create().location != location


def test_an_enabled_key_is_not_destroyed(versions: KeyVersions, location: str) -> None:
    with pytest.raises(UnsafeKey, match="enabled"):
        versions.schedule_destruction(location)

    assert state(versions, location) is KeyState.ENABLED


@pytest.mark.parametrize(
    "name", ["file:root-key-99.pem", "file:../root-key.pem", "", "root-key.pem"]
)
def test_a_key_that_nobody_made_is_unknown(versions: KeyVersions, location: str, name: str) -> None:
    with pytest.raises(UnsafeKey):
        versions.find(name)


class TestLocalFiles:
    @pytest.fixture
    def keeper(self, tmp_path: Path) -> Iterator[Keeper]:
        with local(tmp_path) as made:
            yield made

    def test_destruction_removes_the_key_from_the_disk(
        self, keeper: Keeper, tmp_path: Path
    ) -> None:
        location = keeper.versions.create().location
        secret = (tmp_path / "root-key.pem").read_bytes()
        keeper.versions.disable(location)
        keeper.versions.schedule_destruction(location)
        keeper.pass_term()

        assert [version.state for version in keeper.versions.all()] == [KeyState.DESTROYED]

        assert all(secret not in path.read_bytes() for path in tmp_path.iterdir())

    def test_other_files_of_the_folder_are_no_keys(self, keeper: Keeper, tmp_path: Path) -> None:
        for name in ("root-key.pem.bak", "root-key-x.pem", "root.pem", "license.sqlite3"):
            (tmp_path / name).touch()

        assert keeper.versions.all() == ()

    def test_every_key_file_is_for_its_owner_alone(self, keeper: Keeper, tmp_path: Path) -> None:
        location = keeper.versions.create().location
        keeper.versions.disable(location)

        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


class TestCloudKms:
    @pytest.fixture
    def kms(self, tmp_path: Path) -> Iterator[AdministeredKms]:
        with administered_kms(tmp_path, ManualClock(utc_now())) as running:
            yield running

    def test_a_version_is_pending_until_it_was_generated(self, tmp_path: Path) -> None:
        clock = ManualClock(utc_now())
        with administered_kms(tmp_path, clock) as kms:
            kms.server.habits.generation_seconds = 60
            versions = kms.versions()

            location = versions.create().location

            assert state(versions, location) is KeyState.PENDING
            with pytest.raises(UnsafeKey, match="pending"):
                versions.signer(location)
            clock.advance(60)
            assert state(versions, location) is KeyState.ENABLED

    def test_without_the_right_to_administer_it_says_which_role_is_missing(
        self, kms: AdministeredKms
    ) -> None:
        kms.server.withdraw(ADMIN, on=kms.key, of=kms.account)

        with pytest.raises(UnsafeKey, match=ADMIN):
            kms.versions().create()

    @pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "INTERNAL"])
    def test_when_it_cannot_be_reached_the_call_may_be_repeated(
        self, kms: AdministeredKms, code: str
    ) -> None:
        versions = kms.versions()
        kms.server.faults.set("CreateCryptoKeyVersion", Fault(code=code, times=1))
        before = len(versions.all())

        with pytest.raises(SigningUnavailable):
            versions.create()
        versions.create()

        assert len(versions.all()) == before + 1
