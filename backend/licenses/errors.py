"""What the catalogue says no to.

::

    LicenseRefused            a license gives no right now
    ├── LicenseExpired        its end has passed
    ├── LicenseSuspended      the vendor paused it
    └── LicenseRevoked        the vendor ended it
    CatalogueError            the vendor asks for what cannot be
    ├── ProductCodeTaken      the tenant has a product of that code
    ├── TierCodeTaken         the tenant has a tier of that code
    ├── ProductArchived       it is sold no more
    ├── RevokedForGood        a revoked license stays as it is
    ├── EndNotLater           a renewal that would not move the end on
    └── MessageUnknown        no such message is in the outbox
"""


class LicenseRefused(Exception):
    """The license exists and the caller may know it, but it gives no right now."""


class LicenseExpired(LicenseRefused):
    """The license's ``expires_at`` has passed."""


class LicenseSuspended(LicenseRefused):
    """The vendor suspended the license; it can be reinstated."""


class LicenseRevoked(LicenseRefused):
    """The vendor revoked the license for good."""


class CatalogueError(Exception):
    """A deed of the vendor that the catalogue does not take."""


class ProductCodeTaken(CatalogueError):
    """The tenant has another product of that code."""


class TierCodeTaken(CatalogueError):
    """The tenant has another tier of that code."""


class ProductArchived(CatalogueError):
    """The product is sold no more."""


class RevokedForGood(CatalogueError):
    """The license was revoked; nothing about it is changed any more."""


class EndNotLater(CatalogueError):
    """A renewal moves the end of a license on, and into the future."""


class MessageUnknown(CatalogueError):
    """The outbox has no such message, or no longer."""
