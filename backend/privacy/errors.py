"""What goes wrong with personal data.

::

    PrivacyError
    ├── RetentionOutOfBounds   a tenant's own time is shorter or longer than may be
    ├── NobodyKnown            nothing here is about that person
    ├── StillHolding           the person takes seats while they are erased
    ├── TenantNotSuspended     a tenant is erased only once it is suspended
    └── RowsHidden             the login sees a part of the rows, so erasing would not erase
"""


class PrivacyError(Exception):
    """The base of everything this room raises on purpose."""


class RetentionOutOfBounds(PrivacyError):
    """A retention time is out of the bounds of its category; the message names them."""


class NobodyKnown(PrivacyError):
    """Nothing in the tenant is about the person that was named."""


class StillHolding(PrivacyError):
    """A person took a seat while being erased; the same call works once that has ended."""


class TenantNotSuspended(PrivacyError):
    """Erasing a tenant that is at work is refused."""


class RowsHidden(PrivacyError):
    """Row-level security hides rows from the login that should erase them."""
