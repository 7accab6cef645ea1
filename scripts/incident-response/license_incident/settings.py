"""Where everything is. Names have the product's own values; each is a variable."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from license_incident.errors import Refused

PAGERDUTY_URL: Final = "https://events.pagerduty.com/v2/enqueue"
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}
_MOST_SECRET_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One installation. A field is read from LICENSE_INCIDENT_<NAME>, in upper case."""

    project: str = "coditect-citus-prod"
    kms_project: str = "coditect-cloud-infra"
    kms_location: str = "us-central1"
    kms_keyring: str = "coditect-license-keys"
    kms_key: str = "license-signing-key-v1"
    namespace: str = "coditect-license"
    worker: str = "deployment/coditect-license-worker"
    policy: str = "license-api-security-policy"
    sql_instance: str = "coditect-license-db"
    bucket: str = "coditect-license-evidence"
    never_block: str = ""
    directory: str = ""

    @property
    def folder(self) -> Path:
        """The folder of all incidents, private to whoever runs the tool."""
        if self.directory:
            return Path(self.directory)
        return Path.home() / ".local" / "state" / "license-incident"

    @property
    def own_ranges(self) -> tuple[str, ...]:
        """More ranges that are never blocked: the office, a partner's proxy."""
        return tuple(self.never_block.replace(",", " ").split())


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; what is not set has the product's own name."""
    given = {
        field.name: environment[name]
        for field in fields(Settings)
        if (name := f"LICENSE_INCIDENT_{field.name.upper()}") in environment
    }
    return Settings(**given)


def pagerduty_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return where events go (PAGERDUTY_URL). Without TLS only to this machine."""
    url = environment.get("PAGERDUTY_URL", PAGERDUTY_URL)
    parts = urlsplit(url)
    if parts.scheme != "https" and (parts.scheme, parts.hostname in _LOOPBACK) != ("http", True):
        raise Refused("PAGERDUTY_URL is not https: the key would travel in the clear")
    return url


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return a secret from the file that NAME_FILE names, else from NAME; empty without either."""
    path = environment.get(f"{name}_FILE")
    if path is None:
        return environment.get(name, "").strip()
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{name}_FILE cannot be read: {type(error).__name__}") from error
