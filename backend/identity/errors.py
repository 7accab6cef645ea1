"""Why the door stays shut.

::

    IdentityError
    ├── MissingCredential   the request carries none
    ├── InvalidCredential   the credential proves nothing; every kind of bad looks the same
    ├── MissingTenant       a good credential of nobody's: no tenant, or one that is not here
    ├── Forbidden           a known principal that may not do this
    ├── MembershipError     who belongs to a tenant, and with which rights, cannot be changed so
    │   ├── MemberUnknown          there is no such member in this tenant
    │   ├── MemberExists           the address is a member's already
    │   ├── LastOwner              a tenant keeps one active owner at least
    │   ├── InvalidEmail           no e-mail address that can be invited
    │   ├── ServiceAccountUnknown  there is no such service account in this tenant
    │   ├── ServiceAccountExists   the name is another's already
    │   ├── ApiTokenUnknown        there is no such token of this service account
    │   ├── TooManyApiTokens       two count already: rotate or revoke one
    │   └── InvalidLifetime        a token may not live that long, or not that short
    ├── IssuerUnavailable   an issuer's keys cannot be had: nobody can tell good from bad
    ├── KeysNotFetched      one fetch of an issuer's keys that gave none
    ├── UnusableIssuer      a row of the trusted issuers that cannot be used as it stands
    └── UnsafeKeyFile       a file that should hold a private key and holds none of its kind
"""

import enum


class IdentityError(Exception):
    """The base of everything this room raises on purpose."""


class MissingCredential(IdentityError):
    """The request carries no credential."""


class Cause(enum.Enum):
    """Why a credential was refused, as it is counted; the caller never hears it."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    ISSUER = "issuer"
    KEY = "key"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    CLAIMS = "claims"
    TENANT = "tenant"
    MEMBER = "member"
    API_TOKEN = "api_token"  # noqa: S105  the name of a cause
    ISSUER_AWAY = "issuer_away"


class InvalidCredential(IdentityError):
    """The credential proves nothing.

    ``reason`` is for the log, ``cause`` for the count. The text of the error is always the same,
    so that a caller who sees it learns nothing about what to try next.
    """

    def __init__(self, reason: str, cause: Cause = Cause.MALFORMED) -> None:
        super().__init__("the credential is not valid")
        self.reason = reason
        self.cause = cause


class MissingTenant(IdentityError):
    """A good credential that names no tenant, or none of which its bearer is an active member."""

    def __init__(self, reason: str, cause: Cause = Cause.TENANT) -> None:
        super().__init__("the credential belongs to no tenant here")
        self.reason = reason
        self.cause = cause


class IssuerUnavailable(IdentityError):
    """The keys of a trusted issuer cannot be had, and those known are too old to be believed."""

    def __init__(self, reason: str, *, retry_after_seconds: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = Cause.ISSUER_AWAY
        self.retry_after_seconds = retry_after_seconds


class KeysNotFetched(IdentityError):
    """An issuer's keys were not fetched; the message says why, for the log."""


class Forbidden(IdentityError):
    """The principal is known and may not do this."""


class UnusableIssuer(IdentityError):
    """A row of the trusted issuers cannot be used; the message names issuer and reason."""


class UnsafeKeyFile(IdentityError):
    """A private key file holds no key of its kind; the message names it."""


class MembershipError(IdentityError):
    """Who belongs to a tenant, and with which rights, cannot be changed as asked."""


class MemberUnknown(MembershipError):
    """There is no such member in this tenant."""


class MemberExists(MembershipError):
    """The e-mail address is that of a member, invited, active or disabled."""


class LastOwner(MembershipError):
    """The tenant would be left without an active owner."""


class InvalidEmail(MembershipError):
    """The text is no e-mail address that can be invited."""


class ServiceAccountUnknown(MembershipError):
    """There is no such service account in this tenant."""


class ServiceAccountExists(MembershipError):
    """Another service account of the tenant has this name."""


class ApiTokenUnknown(MembershipError):
    """There is no such token of this service account."""


class TooManyApiTokens(MembershipError):
    """Two tokens of the service account count already."""


class InvalidLifetime(MembershipError):
    """A token would live too short or too long, or an overlap is out of bounds."""
