"""What can be wrong with a signed document.

::

    TokenError
    ├── MalformedDocument   not the exact shape: encoding, JSON, fields, types, sizes
    ├── UnknownKey          the key is not trusted, or not for this kind of document
    ├── BadSignature        the signature does not verify, or names another algorithm
    ├── WrongPurpose        a true document, but of another type, issuer, device or tenant
    └── NotInForce          a true document, but not now, or beyond what was delegated

A verifier that fails raises exactly one of the five; nothing unverified is returned.
"""


class TokenError(Exception):
    """The base of every error this package raises about a document."""


class MalformedDocument(TokenError):
    """The document is not of the exact shape: encoding, JSON, fields, types or sizes."""


class UnknownKey(TokenError):
    """The key id is not in the trusted set, or the key may not sign this kind of document."""


class BadSignature(TokenError):
    """The signature does not verify, or the document names another algorithm than its key's."""


class WrongPurpose(TokenError):
    """The document is of another type, issuer, audience, device, license, tenant or nonce."""


class NotInForce(TokenError):
    """The document is expired, not yet valid, superseded, or beyond what was delegated."""
