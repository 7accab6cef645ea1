"""What soft state can say no to.

::

    SoftStateError
    ├── RateLimited         a caller's own quota is used up; nothing was changed
    └── ValkeyUnavailable   no answer that can be used; never reaches a caller
"""


class SoftStateError(Exception):
    """The base of everything this room raises on purpose."""


class RateLimited(SoftStateError):
    """A call over the limit ``policy``. The next is taken in ``wait_seconds`` at the earliest."""

    def __init__(self, policy: str, *, per_minute: int, wait_seconds: float) -> None:
        super().__init__(f"more than {per_minute} a minute: {policy}")
        self.policy = policy
        self.per_minute = per_minute
        self.wait_seconds = wait_seconds


class ValkeyUnavailable(SoftStateError):
    """Valkey refused, failed or kept silent; the message is one line without the password."""
