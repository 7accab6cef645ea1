"""The door put together from the settings: the only file of this room that reads them."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register

from foundation.clock import utc_now
from foundation.peppers import Peppers
from identity import queries
from identity.afterwards import Afterwards
from identity.checks import (
    development_issuer_is_not_trusted,
    identity_platform_is_of_the_project,
)
from identity.development import DevelopmentIssuer
from identity.errors import UnusableIssuer
from identity.fetched_keys import KeySources
from identity.key_address import FetchedKeySet, KeyAddress
from identity.operations import BearerVerifier
from identity.register import DatabaseRegister


@cache
def bearer_verifier_from_settings() -> BearerVerifier:
    """Return the one verifier of this process: issuers in the database, on the server's clock.

    Outside the embedded profile a development issuer is never believed, whatever its row says.
    """
    trusted = (
        queries.trusted_issuers if settings.EMBEDDED else queries.trusted_issuers_in_production
    )
    register = DatabaseRegister(peppers_from_settings(), later=Afterwards())
    load_issuers = partial(trusted, key_sources_from_settings())
    return BearerVerifier(load_issuers, clock=utc_now, register=register)


def key_sources_from_settings() -> KeySources:
    """Return what fetches issuers' keys, trusting also the authorities that the settings name."""
    return KeySources(_fetch)


def _fetch(address: KeyAddress) -> FetchedKeySet:
    from identity.key_fetching import KeyFetcher

    return KeyFetcher(settings.LICENSE_ISSUERS_CA_FILE).fetch(address)


def peppers_from_settings() -> Peppers:
    """Return the peppers that API tokens are stored under."""
    return Peppers(settings.LICENSE_KEY_PEPPERS)


def development_issuer_from_settings() -> DevelopmentIssuer:
    """Return the development issuer of this installation; its key is made when missing.

    Raises UnusableIssuer outside the embedded profile.
    """
    if not settings.EMBEDDED:
        raise UnusableIssuer("the development issuer is for LICENSE_PROFILE=embedded only")
    return DevelopmentIssuer.open(
        settings.LICENSE_DEVELOPMENT_ISSUER_KEY_FILE,
        audience=settings.LICENSE_ISSUER,
        clock=utc_now,
    )


@register(Tags.database)
def check_trusted_issuers(
    *, databases: Sequence[str] | None = None, **_: Any
) -> Sequence[CheckMessage]:
    """Run the checks of trusted issuers: ``manage.py check --database default``."""
    if not databases:
        return []
    return [
        *development_issuer_is_not_trusted(embedded=settings.EMBEDDED),
        *identity_platform_is_of_the_project(project=settings.GOOGLE_PROJECT_ID),
    ]
