"""What the production profile demands. Nothing is taken for granted, nothing made up."""

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from coditect_license.database_url import postgresql_database
from coditect_license.kms_settings import ENDPOINT, cloud_kms_from_environment
from coditect_license.peppers import peppers_from_environment
from foundation import env
from foundation.env import EnvironmentMistake
from signing.checkpoint_key import CheckpointKey
from signing.errors import UnsafeKey

_SHORTEST_SECRET: Final = 50  # Django's own check, security.W009
_FEWEST_CHARACTERS: Final = 5
_GOOGLE: Final = re.compile(r"[a-z0-9.-]+\.googleapis\.com(?::443)?")


def require_production_settings() -> None:
    """Raise EnvironmentMistake with a line for each setting that is missing or unsafe."""
    mistakes = [mistake for check in _CHECKS if (mistake := _mistake(check)) is not None]
    if mistakes:
        raise EnvironmentMistake(
            "\n".join(f"LICENSE_PROFILE=production: {line}" for line in mistakes)
        )


def _mistake(check: Callable[[], Any]) -> str | None:
    try:
        check()
    except EnvironmentMistake as mistake:
        return str(mistake)
    return None


def _secret(name: str) -> str:
    value = env.secret(name)
    if not value:
        raise EnvironmentMistake(f"{name} must be set (or {name}_FILE)")
    return value


def _database() -> None:
    postgresql_database(_secret("LICENSE_DATABASE_URL"), variable="LICENSE_DATABASE_URL")


def _signer() -> None:
    if env.text("LICENSE_SIGNER") != "kms":
        raise EnvironmentMistake("LICENSE_SIGNER must be kms: a local root key is for development")
    cloud_kms_from_environment()


def _kms_endpoint() -> None:
    endpoint = env.text(ENDPOINT, "")
    if endpoint and _GOOGLE.fullmatch(endpoint) is None:
        raise EnvironmentMistake(f"{ENDPOINT} must be a host of googleapis.com, or not set")


def _django_secret() -> None:
    secret = _secret("DJANGO_SECRET_KEY")
    if len(secret) < _SHORTEST_SECRET or len(set(secret)) < _FEWEST_CHARACTERS:
        raise EnvironmentMistake(
            f"DJANGO_SECRET_KEY must be {_SHORTEST_SECRET} random characters or more"
        )


def _pepper() -> None:
    if not peppers_from_environment():
        raise EnvironmentMistake("LICENSE_KEY_PEPPER_1 must be set (or LICENSE_KEY_PEPPER_1_FILE)")


def _audit_key() -> None:
    try:
        CheckpointKey.from_pem(_secret("LICENSE_AUDIT_KEY").encode(), place="it")
    except UnsafeKey:
        raise EnvironmentMistake(
            "LICENSE_AUDIT_KEY must be an Ed25519 private key, PKCS #8 in PEM"
        ) from None


def _issuer() -> None:
    issuer = env.text("LICENSE_ISSUER")
    parts = urlsplit(issuer)
    is_plain = not (parts.query or parts.fragment or parts.username or issuer.endswith("/"))
    if parts.scheme != "https" or not parts.hostname or not is_plain:
        raise EnvironmentMistake("LICENSE_ISSUER must be https://host, without a slash at the end")


def _allowed_hosts() -> None:
    hosts = env.listing("LICENSE_ALLOWED_HOSTS", [])
    if not hosts:
        raise EnvironmentMistake("LICENSE_ALLOWED_HOSTS must be set")
    if "*" in hosts:
        raise EnvironmentMistake("LICENSE_ALLOWED_HOSTS must name hosts, not *")


_CHECKS: Final = (
    _database,
    _signer,
    _kms_endpoint,
    _django_secret,
    _pepper,
    _audit_key,
    _issuer,
    _allowed_hosts,
)
