"""What goes wrong between a caller and the office, in words of HTTP that no other room has.

::

    ManagementError
    ├── NotFound               no such thing in the caller's tenant
    ├── PreconditionFailed     the thing is no longer as the caller saw it
    ├── PreconditionRequired   a change that does not say which state it changes
    ├── IdempotencyKeyReused   the key stood over another request before
    └── AnswerNotKept          the call was done before, and its answer can no longer be read
"""


class ManagementError(Exception):
    """The base of everything this room raises on purpose."""


class NotFound(ManagementError):
    """The caller's tenant has no such thing; another's looks the same (S11)."""


class PreconditionFailed(ManagementError):
    """``If-Match`` names another state than the present one."""


class PreconditionRequired(ManagementError):
    """A change came without ``If-Match``."""


class IdempotencyKeyReused(ManagementError):
    """This caller sent the same ``Idempotency-Key`` with another request."""


class AnswerNotKept(ManagementError):
    """A repeated call whose first answer was sealed under a secret that is gone."""
