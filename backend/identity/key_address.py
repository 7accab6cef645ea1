"""Where an issuer's keys are, and what is found there; who fetches them is key_fetching.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from identity.errors import UnusableIssuer
from identity.jose import IssuerKey


@dataclass(frozen=True, slots=True)
class KeyAddress:
    """Where an issuer's keys are fetched: ``jwks_uri``, or empty for discovery at ``issuer``."""

    issuer: str
    jwks_uri: str
    algorithms: frozenset[str]

    def __post_init__(self) -> None:
        """Raise UnusableIssuer for an address that is not https, or says more than a place."""
        if not is_plain_https(self.jwks_uri or self.issuer):
            raise UnusableIssuer("keys are fetched from https://host/path alone")


@dataclass(frozen=True, slots=True)
class FetchedKeySet:
    """Keys by id, and for how many seconds the issuer says they are fresh, within our bounds."""

    keys: Mapping[str, IssuerKey]
    fresh_seconds: int


def is_plain_https(uri: str) -> bool:
    """Return whether an address says https, a host and a path, and nothing else."""
    try:
        parts = urlsplit(uri)
        has_place = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_place and not (parts.username or parts.password or parts.fragment)
