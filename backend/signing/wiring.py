"""The signers put together from the settings: the only file of this room that reads them."""

from django.conf import settings

from foundation.clock import utc_now
from signing.delegation import DelegatedSigner
from signing.local import LocalSigner
from signing.own_tokens import OwnTokens
from signing.published_keys import PublishedKeys
from signing.root import Root
from signing.seals import Seals
from signing.signer import Signer


def root_from_settings() -> Signer:
    """Return the root: so far a local development key, made when missing. Raises UnsafeKey."""
    return LocalSigner.open(settings.LICENSE_ROOT_KEY_FILE)


def seals_from_settings(root: Root) -> Seals:
    """Return the seals of this process, not started."""
    delegated = DelegatedSigner(root, issuer=settings.LICENSE_ISSUER, clock=utc_now)
    return Seals(root, delegated, direct_signing=settings.LICENSE_DIRECT_SIGNING)


def own_tokens_from_settings() -> OwnTokens:
    """Return what opens the tokens that any process of this installation has signed."""
    return OwnTokens(issuer=settings.LICENSE_ISSUER)


def published_keys_from_settings(root: Root) -> PublishedKeys:
    """Return the key set's publisher; store the root first (operations.remember_root)."""
    return PublishedKeys(root, issuer=settings.LICENSE_ISSUER)
