"""Which key signs is read from the environment; what contradicts itself refuses to start."""

import pytest

from coditect_license.kms_settings import CloudKms, cloud_kms_from_environment
from foundation.env import EnvironmentMistake

WHOLE = (
    "projects/coditect-cloud-infra/locations/us-central1/keyRings/coditect-license-keys"
    "/cryptoKeys/license-signing-key-v1/cryptoKeyVersions/1"
)
VARIABLES = (
    "CLOUD_KMS_PROJECT_ID",
    "CLOUD_KMS_LOCATION",
    "CLOUD_KMS_KEYRING",
    "CLOUD_KMS_KEY",
    "CLOUD_KMS_KEY_VERSION",
    "CLOUD_KMS_KEY_VERSION_NAME",
    "CLOUD_KMS_ENDPOINT",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> CloudKms:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return cloud_kms_from_environment()


def test_five_settings_name_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = read(
        monkeypatch,
        CLOUD_KMS_PROJECT_ID="another-project",
        CLOUD_KMS_LOCATION="europe-west3",
        CLOUD_KMS_KEYRING="ring",
        CLOUD_KMS_KEY="key",
        CLOUD_KMS_KEY_VERSION="12",
    )

    assert str(kms.version) == (
        "projects/another-project/locations/europe-west3/keyRings/ring/cryptoKeys/key"
        "/cryptoKeyVersions/12"
    )
    assert kms.endpoint is None


def test_key_ring_key_and_version_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = read(
        monkeypatch, CLOUD_KMS_PROJECT_ID="coditect-cloud-infra", CLOUD_KMS_LOCATION="us-central1"
    )

    assert str(kms.version) == WHOLE


def test_the_whole_name_says_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = read(monkeypatch, CLOUD_KMS_KEY_VERSION_NAME=WHOLE, CLOUD_KMS_ENDPOINT="127.0.0.1:9011")

    assert str(kms.version) == WHOLE
    assert kms.endpoint == "127.0.0.1:9011"


@pytest.mark.parametrize("missing", ["CLOUD_KMS_PROJECT_ID", "CLOUD_KMS_LOCATION"])
def test_project_and_location_are_never_guessed(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("CLOUD_KMS_PROJECT_ID", "coditect-cloud-infra")
    monkeypatch.setenv("CLOUD_KMS_LOCATION", "us-central1")
    monkeypatch.delenv(missing)

    with pytest.raises(EnvironmentMistake, match=f"{missing} must be set"):
        cloud_kms_from_environment()


def test_the_projects_of_other_things_are_not_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seed's outage: the key was asked for in the project of the cluster."""
    kms = read(
        monkeypatch,
        GCP_PROJECT_ID="coditect-citus-prod",
        GOOGLE_PROJECT_ID="coditect-identity",
        GOOGLE_CLOUD_PROJECT="coditect-citus-prod",
        CLOUD_KMS_PROJECT_ID="coditect-cloud-infra",
        CLOUD_KMS_LOCATION="us-central1",
    )
    assert kms.version.project == "coditect-cloud-infra"

    monkeypatch.delenv("CLOUD_KMS_PROJECT_ID")
    with pytest.raises(EnvironmentMistake, match="CLOUD_KMS_PROJECT_ID must be set"):
        cloud_kms_from_environment()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLOUD_KMS_PROJECT_ID", "coditect-citus-prod"),
        ("CLOUD_KMS_LOCATION", "global"),
        ("CLOUD_KMS_KEYRING", "ring"),
        ("CLOUD_KMS_KEY", "key"),
        ("CLOUD_KMS_KEY_VERSION", "2"),
    ],
)
def test_a_part_that_contradicts_the_whole_is_a_mistake_that_names_both(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    with pytest.raises(EnvironmentMistake) as mistake:
        read(monkeypatch, CLOUD_KMS_KEY_VERSION_NAME=WHOLE, **{variable: value})

    for word in (variable, value, "CLOUD_KMS_KEY_VERSION_NAME"):
        assert word in str(mistake.value)


def test_parts_that_agree_with_the_whole_are_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    kms = read(monkeypatch, CLOUD_KMS_KEY_VERSION_NAME=WHOLE, CLOUD_KMS_KEY_VERSION="1")

    assert str(kms.version) == WHOLE


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CLOUD_KMS_KEY_VERSION_NAME", WHOLE[:-2], "CLOUD_KMS_KEY_VERSION_NAME"),
        ("CLOUD_KMS_KEY_VERSION", "latest", "version 'latest'"),
        ("CLOUD_KMS_KEYRING", "../keys", "key ring '../keys'"),
    ],
)
def test_what_is_no_name_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    with pytest.raises(EnvironmentMistake, match=said):
        read(
            monkeypatch,
            CLOUD_KMS_PROJECT_ID="coditect-cloud-infra",
            CLOUD_KMS_LOCATION="us-central1",
            **{variable: value},
        )
