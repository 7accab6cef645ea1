"""The signers put together from the settings: the only file of this room that reads them."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, register

from coditect_license_token import LicenseData, PublicKey
from foundation.clock import utc_now
from signing import counts, operations, queries
from signing.checks import root_is_fit_for_the_profile
from signing.delegation import DelegatedSigner
from signing.errors import SigningUnavailable, UnsafeKey
from signing.key_versions import KeyVersions
from signing.kms_service import SLOW_SECONDS, THREADS, KMSSigningService
from signing.kms_versions import KmsKeyVersions
from signing.local import LocalSigner
from signing.local_versions import PREFIX, LocalKeyVersions
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.root_watch import RootWatch
from signing.rotation import Rotation
from signing.rules import BreakerState
from signing.seals import Seals, proven_signature, switched_off
from signing.signer import Signer
from signing.version_name import VersionName, WrongVersionName

_log = logging.getLogger(__name__)

_NO_ROOT_RETRY_SECONDS: Final = 5


def root_from_settings() -> Signer:
    """Return the root that the settings name: a key version of Cloud KMS, or a file's, made then.

    It is the first root of an installation; afterwards the database says which is the root, see
    :func:`present_root`. Raises UnsafeKey. Cloud KMS may take seconds at the first call.
    """
    if settings.LICENSE_CLOUD_KMS is not None:
        return _kms_service(settings.LICENSE_CLOUD_KMS.version, stored=None)
    return LocalSigner.open(settings.LICENSE_ROOT_KEY_FILE)


def configured_location() -> str:
    """Return where the root lives that the settings name."""
    if settings.LICENSE_CLOUD_KMS is not None:
        return str(settings.LICENSE_CLOUD_KMS.version)
    return f"{PREFIX}{settings.LICENSE_ROOT_KEY_FILE.name}"


def open_signer(location: str, stored: PublicKey) -> Signer:
    """Open the signer of a stored root. Raises UnsafeKey, SigningUnavailable.

    ``stored`` stands in for what Cloud KMS does not show: it may be away, or the key disabled.
    """
    if not location.startswith(PREFIX):
        return _kms_service(_version(location), stored=stored)
    if not settings.EMBEDDED:
        raise UnsafeKey(f"the root lives in {location}, and LICENSE_PROFILE is production")
    return LocalKeyVersions(settings.LICENSE_ROOT_KEY_FILE).signer(location)


def kms_service_from_settings() -> KMSSigningService:
    """Return the service of the root of this installation. Raises UnsafeKey when it has another."""
    active = queries.active_key()
    if active is None or not active.location:
        root = root_from_settings()
    else:
        root = open_signer(active.location, PublicKey.from_pem(active.pem))
    if not isinstance(root, KMSSigningService):
        raise UnsafeKey("the root is no key of Cloud KMS")
    return root


def key_versions_from_settings() -> KeyVersions:
    """Return the administration of the private root keys, as the caller's own account."""
    kms = settings.LICENSE_CLOUD_KMS
    if kms is None:
        return LocalKeyVersions(settings.LICENSE_ROOT_KEY_FILE)
    return KmsKeyVersions(
        kms.version,
        lambda version: _kms_service(version, stored=None),
        endpoint=kms.endpoint,
    )


def rotation_from_settings() -> Rotation:
    """Return what rotates the root; its clock is the database's."""
    return Rotation(
        key_versions_from_settings(), issuer=settings.LICENSE_ISSUER, clock=queries.database_now
    )


def present_root() -> Root:
    """Return the root of this installation, as the database says; the settings name the first.

    Warns when the settings name another. Raises UnsafeKey when it must not or cannot sign.
    """
    _remember_first()
    root = Root()
    root_watch(root).look()
    if root.keys.active is None:
        raise UnsafeKey("the active root cannot be opened; the log above says why")
    return root


def root_watch(root: Root, then: Callable[[], Awaitable[object]] | None = None) -> RootWatch:
    """Return what keeps a root at what the database says; ``then`` is awaited at each change."""
    return RootWatch(root, open_signer, clock=utc_now, then=then or _nothing)


def seals_from_settings(root: Root) -> Seals:
    """Return the seals of this process, not started."""
    delegated = DelegatedSigner(root, issuer=settings.LICENSE_ISSUER, clock=utc_now)
    if settings.LICENSE_CLOUD_KMS is None:
        return Seals(root, delegated, direct_signing=settings.LICENSE_DIRECT_SIGNING)
    return Seals(
        root,
        delegated,
        direct_signing=settings.LICENSE_DIRECT_SIGNING,
        threads=THREADS,
        ahead=0,  # behind a call that hangs nobody is to wait without a word
        slow_seconds=SLOW_SECONDS,
    )


def sealed_statement(members: Mapping[str, str]) -> dict[str, str]:
    """Return the ``license_data`` of these members under the present root, for the control plane.

    ``key_id`` is added. Blocks: 10 ms with a local key, one round trip under KMS. Raises
    SigningUnavailable, also where direct signing is switched off.
    """
    if not settings.LICENSE_DIRECT_SIGNING:
        raise switched_off()
    root = _active_root()
    data = LicenseData(key_id=root.key_id, **members)
    return data.with_signature(proven_signature(root, data.signed_bytes()))


def _active_root() -> Signer:
    active = queries.active_key()
    if active is None or not active.location:
        raise SigningUnavailable("no root is active", retry_after_seconds=_NO_ROOT_RETRY_SECONDS)
    try:
        return open_signer(active.location, PublicKey.from_pem(active.pem))
    except UnsafeKey as refusal:
        _log.error("the active root cannot be opened: %s", refusal)
        raise SigningUnavailable(
            "the active root cannot be opened", retry_after_seconds=_NO_ROOT_RETRY_SECONDS
        ) from refusal


def gauge_signing(delegation_seconds_left: Callable[[], float]) -> None:
    """Have each scrape of the metrics ask the signers of this process how they are."""
    counts.delegation_seconds_left(delegation_seconds_left)
    counts.kms_breaker_state(_worst_breaker_state)


def own_tokens_from_settings() -> OwnTokens:
    """Return what opens the tokens that any process of this installation has signed."""
    return OwnTokens(issuer=settings.LICENSE_ISSUER)


def published_keys_from_settings(root: Root) -> PublishedKeys:
    """Return the key set's publisher; store the root first (:func:`present_root`)."""
    return PublishedKeys(root, issuer=settings.LICENSE_ISSUER)


def _remember_first() -> None:
    configured, active = configured_location(), queries.active_key()
    if active is None or not active.location or _gives_way(active.location, configured):
        operations.remember_root(root_from_settings(), now=utc_now(), location=configured)
    elif active.location != configured:
        _log.warning(
            "the root is %s at %s, as the database says, not the one of the settings at %s",
            active.key_id,
            active.location,
            configured,
        )


def _gives_way(location: str, configured: str) -> bool:
    """Return whether a development key in a file gives way to a real one."""
    return location.startswith(PREFIX) and not configured.startswith(PREFIX)


_services: dict[VersionName, KMSSigningService] = {}
"""The services of this process, by what they sign with: one breaker for each."""


def _kms_service(version: VersionName, *, stored: PublicKey | None) -> KMSSigningService:
    kms = settings.LICENSE_CLOUD_KMS
    if kms is None:
        raise UnsafeKey(f"the root is {version} in Cloud KMS, and LICENSE_SIGNER is not kms")
    service = _services.get(version)
    if service is None:
        service = KMSSigningService.open(version, stored=stored, endpoint=kms.endpoint)
        service = _services.setdefault(version, service)
    return service


def _version(location: str) -> VersionName:
    try:
        return VersionName.parse(location)
    except WrongVersionName as mistake:
        raise UnsafeKey(f"a stored root lives nowhere: it has {mistake}") from mistake


def _worst_breaker_state() -> float:
    states = (service.breaker_state.value for service in _services.values())
    return max(states, default=BreakerState.CLOSED.value)


@register()
def check_root(**_: Any) -> Sequence[CheckMessage]:
    """Run the check of the root's place."""
    return root_is_fit_for_the_profile(signer=settings.LICENSE_SIGNER, embedded=settings.EMBEDDED)


async def _nothing() -> None:
    """Do nothing after a change."""
