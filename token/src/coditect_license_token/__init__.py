"""The signed documents of the CODITECT licence platform: sealed by servers, opened by clients.

Pure: no clock, no network, no environment. docs/token-format.md is the normative text.
"""

from coditect_license_token.algorithms import (
    RSA_SIGN_PKCS1_4096_SHA256,
    Algorithm,
    verify,
)
from coditect_license_token.delegation import (
    Delegation,
    open_delegation,
    root_of_delegation,
    seal_delegation,
)
from coditect_license_token.errors import (
    BadSignature,
    MalformedDocument,
    NotInForce,
    TokenError,
    UnknownKey,
    WrongPurpose,
)
from coditect_license_token.keyset import (
    KeySet,
    KeySetEntry,
    KeyStatus,
    open_keyset,
    seal_keyset,
)
from coditect_license_token.license_data import LicenseData, open_license_data
from coditect_license_token.license_token import (
    LicenseToken,
    hardware_binding,
    open_license_token,
    seal_license_token,
)
from coditect_license_token.public_key import PublicKey
from coditect_license_token.revocations import (
    Revocations,
    open_revocations,
    seal_revocations,
)
from coditect_license_token.roots import Roots
from coditect_license_token.signer import Signer
from coditect_license_token.succession import follow_links

__all__ = [
    "RSA_SIGN_PKCS1_4096_SHA256",
    "Algorithm",
    "BadSignature",
    "Delegation",
    "KeySet",
    "KeySetEntry",
    "KeyStatus",
    "LicenseData",
    "LicenseToken",
    "MalformedDocument",
    "NotInForce",
    "PublicKey",
    "Revocations",
    "Roots",
    "Signer",
    "TokenError",
    "UnknownKey",
    "WrongPurpose",
    "follow_links",
    "hardware_binding",
    "open_delegation",
    "open_keyset",
    "open_license_data",
    "open_license_token",
    "open_revocations",
    "root_of_delegation",
    "seal_delegation",
    "seal_keyset",
    "seal_license_token",
    "seal_revocations",
    "verify",
]
