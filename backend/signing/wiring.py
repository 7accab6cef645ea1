"""The signers put together from the settings: the only file of this room that reads them."""

import logging
from collections.abc import Awaitable, Callable

from django.conf import settings

from coditect_license_token import PublicKey
from foundation.clock import utc_now
from signing import operations, queries
from signing.delegation import DelegatedSigner
from signing.errors import UnsafeKey
from signing.key_versions import KeyVersions
from signing.local import LocalSigner
from signing.local_versions import PREFIX, LocalKeyVersions
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.root_watch import RootWatch
from signing.rotation import Rotation
from signing.seals import Seals
from signing.signer import Signer

_log = logging.getLogger(__name__)


def root_from_settings() -> Signer:
    """Return the root that the settings name: so far a local development key, made when missing.

    It is the first root of an installation; afterwards the database says which is the root, see
    :func:`present_root`. Raises UnsafeKey.
    """
    return LocalSigner.open(settings.LICENSE_ROOT_KEY_FILE)


def configured_location() -> str:
    """Return where the root lives that the settings name."""
    return f"{PREFIX}{settings.LICENSE_ROOT_KEY_FILE.name}"


def open_signer(location: str, stored: PublicKey) -> Signer:
    """Open the signer of a stored root. Raises UnsafeKey, SigningUnavailable."""
    _log.debug("opening the root %s at %s", stored.key_id, location)
    return key_versions_from_settings().signer(location)


def key_versions_from_settings() -> KeyVersions:
    """Return the administration of the private root keys."""
    return LocalKeyVersions(settings.LICENSE_ROOT_KEY_FILE)


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
    return Seals(root, delegated, direct_signing=settings.LICENSE_DIRECT_SIGNING)


def own_tokens_from_settings() -> OwnTokens:
    """Return what opens the tokens that any process of this installation has signed."""
    return OwnTokens(issuer=settings.LICENSE_ISSUER)


def published_keys_from_settings(root: Root) -> PublishedKeys:
    """Return the key set's publisher; store the root first (:func:`present_root`)."""
    return PublishedKeys(root, issuer=settings.LICENSE_ISSUER)


def _remember_first() -> None:
    configured, active = configured_location(), queries.active_key()
    if active is None or not active.location:
        operations.remember_root(root_from_settings(), now=utc_now(), location=configured)
    elif active.location != configured:
        _log.warning(
            "the root is %s at %s, as the database says, not the one of the settings at %s",
            active.key_id,
            active.location,
            configured,
        )


async def _nothing() -> None:
    """Do nothing after a change."""
