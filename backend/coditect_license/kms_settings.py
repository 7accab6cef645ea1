"""Which key version of Cloud KMS signs: five settings, or one that has them all."""

from dataclasses import dataclass
from typing import Final

from foundation import env
from foundation.env import EnvironmentMistake
from signing.version_name import VersionName, WrongVersionName

WHOLE: Final = "CLOUD_KMS_KEY_VERSION_NAME"
ENDPOINT: Final = "CLOUD_KMS_ENDPOINT"
_PARTS: Final = {
    "project": "CLOUD_KMS_PROJECT_ID",
    "location": "CLOUD_KMS_LOCATION",
    "key_ring": "CLOUD_KMS_KEYRING",
    "key": "CLOUD_KMS_KEY",
    "version": "CLOUD_KMS_KEY_VERSION",
}
_DEFAULTS: Final = {
    "key_ring": "coditect-license-keys",
    "key": "license-signing-key-v1",
    "version": "1",
}
"""The project has none, nor the location: a guess would ask somebody else's key for signatures."""


@dataclass(frozen=True, slots=True)
class CloudKms:
    """The key version, and the host:port of a KMS that is not Google's public one."""

    version: VersionName
    endpoint: str | None


def cloud_kms_from_environment() -> CloudKms:
    """Return what the environment names.

    ``GCP_PROJECT_ID`` and ``GOOGLE_PROJECT_ID`` name other projects and count nothing here. Raises
    EnvironmentMistake for a part that is missing or malformed, and for two that contradict each
    other.
    """
    return CloudKms(_version(), env.text(ENDPOINT, "") or None)


def _version() -> VersionName:
    whole = env.text(WHOLE, "")
    return _from_whole(whole) if whole else _from_parts()


def _from_whole(whole: str) -> VersionName:
    try:
        version = VersionName.parse(whole)
    except WrongVersionName as mistake:
        raise EnvironmentMistake(f"{WHOLE} has {mistake}") from mistake
    for part, variable in _PARTS.items():
        said, alone = getattr(version, part), env.text(variable, "")
        if alone and alone != said:
            raise EnvironmentMistake(f"{variable} is {alone!r}, but {WHOLE} says {said!r}")
    return version


def _from_parts() -> VersionName:
    parts = {part: env.text(variable, _DEFAULTS.get(part)) for part, variable in _PARTS.items()}
    try:
        return VersionName(**parts)
    except WrongVersionName as mistake:
        names = ", ".join(_PARTS.values())
        raise EnvironmentMistake(f"{names}: no key version has {mistake}") from mistake
