"""Why the door stays shut.

::

    IdentityError
    ├── MissingCredential   the request carries none
    ├── InvalidCredential   the credential proves nothing; every kind of bad looks the same
    ├── MissingTenant       a good credential of nobody's: no tenant, or one that is not here
    ├── Forbidden           a known principal that may not do this
    ├── UnusableIssuer      a row of the trusted issuers that cannot be used as it stands
    └── UnsafeKeyFile       a file that should hold a private key and holds none of its kind
"""


class IdentityError(Exception):
    """The base of everything this room raises on purpose."""


class MissingCredential(IdentityError):
    """The request carries no credential."""


class InvalidCredential(IdentityError):
    """The credential proves nothing.

    ``reason`` is for the log. The text of the error is always the same, so that a caller who sees
    it learns nothing about what to try next.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("the credential is not valid")
        self.reason = reason


class MissingTenant(IdentityError):
    """A good credential that names no tenant, or one that does not exist here."""


class Forbidden(IdentityError):
    """The principal is known and may not do this."""


class UnusableIssuer(IdentityError):
    """A row of the trusted issuers cannot be used; the message names issuer and reason."""


class UnsafeKeyFile(IdentityError):
    """A private key file holds no key of its kind; the message names it."""
