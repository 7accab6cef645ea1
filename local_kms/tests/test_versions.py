"""The life of a key version: generation, states, destruction, and the time each takes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions

from local_kms.server import LocalKms
from local_kms.testing import kms_for_tests
from local_kms.tests.keys import State, make_key, make_version, reasons, set_state, sign_digest

DIGEST = bytes(32)


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def server(tmp_path: Path, clock: HandClock) -> Iterator[LocalKms]:
    with kms_for_tests(tmp_path / "kms", clock=clock) as running:
        yield running


def state_of(client: Any, version: str) -> Any:
    return client.get_crypto_key_version(request={"name": version}).state


def test_versions_are_numbered_in_the_order_they_are_made(client: Any, ring: str) -> None:
    key = make_key(client, ring)

    for _ in range(10):
        client.create_crypto_key_version(request={"parent": key})

    listed = client.list_crypto_key_versions(request={"parent": key, "page_size": 3})
    numbers = [int(version.name.rpartition("/")[2]) for version in listed]
    assert numbers == list(range(1, 12))


def test_a_pending_version_signs_only_after_it_is_generated(
    server: LocalKms, client: Any, ring: str, clock: HandClock
) -> None:
    server.habits.generation_seconds = 90
    key = make_key(client, ring)

    pending = client.create_crypto_key_version(request={"parent": key})

    assert pending.state == State.PENDING_GENERATION
    assert pending.generate_time is None
    with pytest.raises(exceptions.FailedPrecondition) as told:
        sign_digest(client, pending.name, DIGEST)
    assert reasons(told.value) == ["KEY_PENDING_GENERATION"]
    clock.pass_by(seconds=90)
    assert state_of(client, pending.name) == State.ENABLED
    assert sign_digest(client, pending.name, DIGEST).signature


def test_versions_are_listed_by_state(
    server: LocalKms, client: Any, ring: str, clock: HandClock
) -> None:
    version = make_version(client, ring)
    key = version.partition("/cryptoKeyVersions")[0]
    second = client.create_crypto_key_version(request={"parent": key}).name
    set_state(client, version, State.DISABLED)

    def listed(text: str) -> list[str]:
        found = client.list_crypto_key_versions(request={"parent": key, "filter": text})
        return [each.name for each in found]

    assert listed("state=ENABLED") == [second]
    assert listed('state = "DISABLED"') == [version]
    with pytest.raises(exceptions.InvalidArgument):
        listed("state=ASLEEP")
    with pytest.raises(exceptions.MethodNotImplemented):
        listed("createTime>2026")


def test_disabled_and_enabled_again(client: Any, ring: str) -> None:
    version = make_version(client, ring)

    assert set_state(client, version, State.DISABLED).state == State.DISABLED
    assert set_state(client, version, State.ENABLED).state == State.ENABLED

    assert sign_digest(client, version, DIGEST).signature


def test_a_disabled_version_may_sign_for_a_while(
    server: LocalKms, client: Any, ring: str, clock: HandClock
) -> None:
    server.habits.disable_seconds = 60
    version = make_version(client, ring)

    assert set_state(client, version, State.DISABLED).state == State.DISABLED

    assert sign_digest(client, version, DIGEST).signature
    clock.pass_by(seconds=60)
    with pytest.raises(exceptions.FailedPrecondition):
        sign_digest(client, version, DIGEST)


@pytest.mark.parametrize(
    ("changed", "paths"),
    [
        ({"state": State.DISABLED}, []),
        ({"state": State.PENDING_IMPORT}, ["state"]),
        ({"state": State.DESTROYED}, ["state"]),
        ({}, ["name"]),
    ],
)
def test_other_changes_are_invalid_arguments(
    client: Any, ring: str, changed: dict[str, Any], paths: list[str]
) -> None:
    version = {"name": make_version(client, ring), **changed}

    with pytest.raises(exceptions.InvalidArgument):
        client.update_crypto_key_version(
            request={"crypto_key_version": version, "update_mask": {"paths": paths}}
        )


def test_a_destruction_is_scheduled_and_can_be_taken_back(
    client: Any, ring: str, clock: HandClock
) -> None:
    version = make_version(client, ring)

    scheduled = client.destroy_crypto_key_version(request={"name": version})

    assert scheduled.state == State.DESTROY_SCHEDULED
    assert scheduled.destroy_time == clock() + timedelta(days=30)
    with pytest.raises(exceptions.FailedPrecondition):
        sign_digest(client, version, DIGEST)
    with pytest.raises(exceptions.FailedPrecondition):
        set_state(client, version, State.ENABLED)
    with pytest.raises(exceptions.FailedPrecondition):
        client.destroy_crypto_key_version(request={"name": version})
    restored = client.restore_crypto_key_version(request={"name": version})
    assert (restored.state, restored.destroy_time) == (State.DISABLED, None)
    set_state(client, version, State.ENABLED)
    assert sign_digest(client, version, DIGEST).signature


def test_a_destroyed_version_is_gone_from_the_disk(
    client: Any, ring: str, clock: HandClock, tmp_path: Path
) -> None:
    key = make_key(client, ring, destroy_scheduled_duration={"seconds": 86_400})
    version = f"{key}/cryptoKeyVersions/1"
    client.destroy_crypto_key_version(request={"name": version})

    clock.pass_by(days=1)

    destroyed = client.get_crypto_key_version(request={"name": version})
    assert destroyed.state == State.DESTROYED
    assert destroyed.destroy_event_time == clock()
    assert not (tmp_path / "kms" / version / "key.pem").exists()
    with pytest.raises(exceptions.FailedPrecondition):
        client.restore_crypto_key_version(request={"name": version})
    with pytest.raises(exceptions.FailedPrecondition):
        sign_digest(client, version, DIGEST)


def test_what_is_not_scheduled_cannot_be_restored(client: Any, ring: str) -> None:
    with pytest.raises(exceptions.FailedPrecondition):
        client.restore_crypto_key_version(request={"name": make_version(client, ring)})
    with pytest.raises(exceptions.NotFound):
        client.destroy_crypto_key_version(
            request={"name": f"{ring}/cryptoKeys/other/cryptoKeyVersions/1"}
        )
