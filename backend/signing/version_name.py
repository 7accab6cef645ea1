"""The name of a key version in Cloud KMS, read strictly.

``projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V``
"""

import re
from dataclasses import dataclass
from typing import Final, Self

_ID: Final = r"[a-zA-Z0-9_-]{1,63}"
_PARTS: Final = {
    "project": re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII),
    "location": re.compile(r"[a-z][a-z0-9-]{1,62}", re.ASCII),
    "key_ring": re.compile(_ID, re.ASCII),
    "key": re.compile(_ID, re.ASCII),
    "version": re.compile(r"[1-9][0-9]{0,8}", re.ASCII),
}
_WHOLE: Final = re.compile(
    r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/keyRings/(?P<key_ring>[^/]+)"
    r"/cryptoKeys/(?P<key>[^/]+)/cryptoKeyVersions/(?P<version>[^/]+)"
)


class WrongVersionName(ValueError):
    """A text is no name of a key version, or no part of one; the message says which part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionName:
    """One version of one key. Raises WrongVersionName for a part that cannot be one.

    The project is its id, not its number: Cloud KMS answers with the id, and answers are compared
    with what was asked. Source: Cloud KMS, "Object hierarchy", resource ids.
    """

    project: str
    location: str
    key_ring: str
    key: str
    version: str

    def __post_init__(self) -> None:
        for part, shape in _PARTS.items():
            if shape.fullmatch(getattr(self, part)) is None:
                raise WrongVersionName(f"{part.replace('_', ' ')} {getattr(self, part)!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a text is, whole. Raises WrongVersionName."""
        found = _WHOLE.fullmatch(text)
        if found is None:
            raise WrongVersionName(f"{text!r}, which is not {_WHOLE_FORM}")
        return cls(**found.groupdict())

    @property
    def key_name(self) -> str:
        """The resource name of the key, on which roles are granted."""
        return (
            f"projects/{self.project}/locations/{self.location}"
            f"/keyRings/{self.key_ring}/cryptoKeys/{self.key}"
        )

    def __str__(self) -> str:
        return f"{self.key_name}/cryptoKeyVersions/{self.version}"


_WHOLE_FORM: Final = "projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V"
