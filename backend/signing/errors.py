"""Why nothing was signed.

::

    SigningError
    ├── SigningUnavailable   no signature just now; the same call may succeed later
    ├── OutsideMandate       the document says more than the key may say: never, as it stands
    ├── UnsafeKey            a key that must not sign: readable by others, of another kind or
    │                        algorithm, revoked, not there
    ├── RotationRefused      what an operator asks for must not be done, or not now
    └── KeptForEver          a public key was to be deleted

None of them ever comes with a document (S16).
"""


class SigningError(Exception):
    """The base of everything this room raises on purpose."""


class SigningUnavailable(SigningError):
    """No signature can be had now. ``retry_after_seconds`` says when asking again makes sense.

    ``reason`` is one word of a small set, for metrics and for rules; the message is for the log
    and never leaves.
    """

    def __init__(
        self, message: str, *, retry_after_seconds: int, reason: str = "unavailable"
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.reason = reason


class OutsideMandate(SigningError):
    """The document names another key, lives longer or covers more than its signer may sign."""


class UnsafeKey(SigningError):
    """A key must not sign: others can read it, it is not what it should be, or it was revoked."""


class RotationRefused(SigningError):
    """What an operator asks of the keys must not be done, or not now; the message says why."""


class KeptForEver(SigningError):
    """A public key was to be deleted. Statements signed years ago must still verify."""
