"""Every keeper of private root keys does the same: one suite for all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from coditect_license_token import Algorithm
from signing.errors import UnsafeKey
from signing.key_versions import KeyState, KeyVersions
from signing.local_versions import DESTRUCTION_SECONDS, LocalKeyVersions
from tests.support.clock import ManualClock
from tests.support.roots import making_roots


@dataclass
class Keeper:
    """A keeper of keys, and how to let the term of a destruction pass."""

    versions: KeyVersions
    pass_term: Callable[[], None]


def local(folder: Path) -> Keeper:
    clock = ManualClock()
    versions = LocalKeyVersions(folder / "root-key.pem", clock=clock, make=making_roots())
    return Keeper(versions, lambda: clock.advance(DESTRUCTION_SECONDS))


@pytest.fixture(params=[local])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    made: Keeper = request.param(tmp_path)
    return made


@pytest.fixture
def versions(keeper: Keeper) -> KeyVersions:
    return keeper.versions


@pytest.fixture
def location(versions: KeyVersions) -> str:
    return versions.create().location


def state(versions: KeyVersions, location: str) -> KeyState:
    return versions.find(location).state


def test_a_new_key_is_enabled_and_signs(versions: KeyVersions, location: str) -> None:
    signer = versions.signer(location)

    assert state(versions, location) is KeyState.ENABLED
    assert signer.algorithm is Algorithm.RS256
    signer.public_key.verify(b"a message", signer.sign(b"a message"))


def test_each_new_key_is_another_and_all_are_listed_oldest_first(versions: KeyVersions) -> None:
    made = [versions.create() for _ in range(2)]

    assert list(versions.all()) == made
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
    def test_destruction_removes_the_key_from_the_disk(self, tmp_path: Path) -> None:
        keeper = local(tmp_path)
        location = keeper.versions.create().location
        secret = (tmp_path / "root-key.pem").read_bytes()
        keeper.versions.disable(location)
        keeper.versions.schedule_destruction(location)
        keeper.pass_term()

        assert [version.state for version in keeper.versions.all()] == [KeyState.DESTROYED]

        assert all(secret not in path.read_bytes() for path in tmp_path.iterdir())

    def test_other_files_of_the_folder_are_no_keys(self, tmp_path: Path) -> None:
        keeper = local(tmp_path)
        for name in ("root-key.pem.bak", "root-key-x.pem", "root.pem", "license.sqlite3"):
            (tmp_path / name).touch()

        assert keeper.versions.all() == ()

    def test_every_key_file_is_for_its_owner_alone(self, tmp_path: Path) -> None:
        keeper = local(tmp_path)
        location = keeper.versions.create().location
        keeper.versions.disable(location)

        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
