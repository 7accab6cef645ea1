"""Why a license may not be used.

LicenseRefused
├── LicenseExpired     its end has passed
├── LicenseSuspended   the vendor paused it
└── LicenseRevoked     the vendor ended it
"""


class LicenseRefused(Exception):
    """The license exists and the caller may know it, but it gives no right now."""


class LicenseExpired(LicenseRefused):
    """The license's ``expires_at`` has passed."""


class LicenseSuspended(LicenseRefused):
    """The vendor suspended the license; it can be reinstated."""


class LicenseRevoked(LicenseRefused):
    """The vendor revoked the license for good."""
