"""What the production profile demands. Nothing is taken for granted, nothing made up."""

import re
from collections.abc import Callable
from typing import Any, Final

from coditect_license.database_url import postgresql_database
from coditect_license.kms_settings import ENDPOINT, cloud_kms_from_environment
from coditect_license.peppers import peppers_from_environment
from coditect_license.unsafe import (
    mistake_of_hosts,
    mistake_of_issuer,
    mistake_of_pepper,
    mistake_of_secret,
)
from coditect_license.workloads import Workload, workload_from_environment
from foundation import env
from foundation.env import EnvironmentMistake
from signing.checkpoint_key import CheckpointKey
from signing.errors import UnsafeKey

_GOOGLE: Final = re.compile(r"[a-z0-9.-]+\.googleapis\.com(?::443)?")


def require_production_settings() -> None:
    """Raise EnvironmentMistake with a line for each setting that is missing or unsafe.

    A workload is asked for its own secrets alone: what it does not hold, nobody takes from it.
    """
    needed = _needed(workload_from_environment())
    mistakes = [mistake for check in needed if (mistake := _mistake(check)) is not None]
    if mistakes:
        raise EnvironmentMistake(
            "\n".join(f"LICENSE_PROFILE=production: {line}" for line in mistakes)
        )


def _needed(workload: Workload) -> list[Callable[[], None]]:
    spared: set[Callable[[], None]] = set()
    if not workload.manages:
        spared.add(_django_secret)
    if not workload.answers:
        spared.add(_pepper)
    if not workload.seals:
        spared.add(_audit_key)
    return [check for check in _CHECKS if check not in spared]


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


def _refuse(name: str, mistake: str | None) -> None:
    if mistake is not None:
        raise EnvironmentMistake(f"{name} {mistake}")


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
    _refuse("DJANGO_SECRET_KEY", mistake_of_secret(_secret("DJANGO_SECRET_KEY")))


def _pepper() -> None:
    peppers = peppers_from_environment()
    if not peppers:
        raise EnvironmentMistake("LICENSE_KEY_PEPPER_1 must be set (or LICENSE_KEY_PEPPER_1_FILE)")
    for version, pepper in peppers.items():
        _refuse(f"LICENSE_KEY_PEPPER_{version}", mistake_of_pepper(pepper.hex()))


def _audit_key() -> None:
    try:
        CheckpointKey.from_pem(_secret("LICENSE_AUDIT_KEY").encode(), place="it")
    except UnsafeKey:
        raise EnvironmentMistake(
            "LICENSE_AUDIT_KEY must be an Ed25519 private key, PKCS #8 in PEM"
        ) from None


def _issuer() -> None:
    _refuse("LICENSE_ISSUER", mistake_of_issuer(env.text("LICENSE_ISSUER")))


def _allowed_hosts() -> None:
    hosts = env.listing("LICENSE_ALLOWED_HOSTS", [])
    _refuse("LICENSE_ALLOWED_HOSTS", mistake_of_hosts(hosts))


_CHECKS: Final[tuple[Callable[[], None], ...]] = (
    _database,
    _signer,
    _kms_endpoint,
    _django_secret,
    _pepper,
    _audit_key,
    _issuer,
    _allowed_hosts,
)
