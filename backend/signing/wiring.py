"""The signers put together from the settings: the only file of this room that reads them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, register

from foundation.clock import utc_now
from signing import counts, queries
from signing.checks import root_is_fit_for_the_profile
from signing.delegation import DelegatedSigner
from signing.errors import UnsafeKey
from signing.kms_service import SLOW_SECONDS, THREADS, KMSSigningService
from signing.local import LocalSigner
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.seals import Seals
from signing.signer import Signer
from signing.version_name import VersionName


def root_from_settings() -> Signer:
    """Return the root: a key version of Cloud KMS, or a local development key, made when missing.

    Raises UnsafeKey. The first call of a process for Cloud KMS takes up to 7 s.
    """
    if settings.LICENSE_CLOUD_KMS is not None:
        return kms_service_from_settings()
    return LocalSigner.open(settings.LICENSE_ROOT_KEY_FILE)


def kms_service_from_settings() -> KMSSigningService:
    """Return the service of this process. Raises UnsafeKey, also when LICENSE_SIGNER is not kms."""
    kms = settings.LICENSE_CLOUD_KMS
    if kms is None:
        raise UnsafeKey("LICENSE_SIGNER is not kms")
    return _kms_service(kms.version, kms.endpoint)


@functools.cache
def _kms_service(version: VersionName, endpoint: str | None) -> KMSSigningService:
    return KMSSigningService.open(version, stored=queries.active_public_key(), endpoint=endpoint)


def seals_from_settings(root: Signer) -> Seals:
    """Return the seals of this process, not started."""
    delegated = DelegatedSigner(root, issuer=settings.LICENSE_ISSUER, clock=utc_now)
    if settings.LICENSE_CLOUD_KMS is None:
        return Seals(root, delegated, direct_signing=settings.LICENSE_DIRECT_SIGNING)
    return Seals(
        root,
        delegated,
        direct_signing=settings.LICENSE_DIRECT_SIGNING,
        threads=THREADS,
        slow_seconds=SLOW_SECONDS,
    )


def gauge_signing(root: Signer, delegation_seconds_left: Callable[[], float]) -> None:
    """Have each scrape of the metrics ask the signers of this process how they are."""
    counts.delegation_seconds_left(delegation_seconds_left)
    if isinstance(root, KMSSigningService):
        counts.kms_breaker_state(lambda: root.breaker_state.value)


def own_tokens_from_settings() -> OwnTokens:
    """Return what opens the tokens that any process of this installation has signed."""
    return OwnTokens(issuer=settings.LICENSE_ISSUER)


def published_keys_from_settings(root: Signer) -> PublishedKeys:
    """Return the key set's publisher; store the root first (operations.remember_root)."""
    return PublishedKeys(root, issuer=settings.LICENSE_ISSUER)


@register()
def check_root(**_: Any) -> Sequence[CheckMessage]:
    """Run the check of the root's place."""
    return root_is_fit_for_the_profile(signer=settings.LICENSE_SIGNER, embedded=settings.EMBEDDED)
