"""What can go wrong between a program and its licence server.

::

    LicenseError
    ├── ConfigurationError      a setting is missing or wrong; nothing was sent
    │   └── RootsMissing        no root key is pinned, so no answer could be trusted
    ├── ServerUnreachable       no answer: refused, timed out, cut off; a held lease stays good
    ├── ServerBusy              503 or 429: try again later; a held lease stays good
    ├── ServerFault             an answer outside the contract: 5xx, or a body that cannot be read
    ├── RequestRefused          400, 409, 413, 415, 422: the server did not accept the request
    ├── NotAuthorized           401, or 403 for the caller and not for the license
    ├── LicenseRefused          the license itself is refused
    │   ├── LicenseUnknown      404: no such license key, or another tenant's
    │   ├── LicenseExpired
    │   ├── LicenseSuspended
    │   ├── LicenseRevoked
    │   └── NotEntitled
    ├── NoSeatAvailable         409: every seat is held
    ├── PersonalCapReached      409: this person holds as many seats as one may
    ├── LeaseError              about a lease this program had
    │   ├── LeaseLost           it ended: expired, released, taken over
    │   └── LeaseForked         it belongs to the parent process
    ├── VerificationFailed      a signed answer that does not hold; nothing in it was used
    │   └── RootUnknown         signed by a root that is not pinned
    └── ClockSuspect            the clock was turned back and the server cannot be asked

Every error carries `code`, a stable word for logs and scripts; messages are for people and may
change. No message holds a license key or a token.
"""

from typing import ClassVar


class LicenseError(Exception):
    """The base of every error of this package."""

    code: ClassVar[str] = "license_error"


class ConfigurationError(LicenseError):
    """A setting is missing or wrong. Nothing was sent."""

    code = "configuration"


class RootsMissing(ConfigurationError):
    """No root key is pinned. Trust is never taken from the network."""

    code = "roots_missing"

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "no root keys: pass roots=, or name a PEM file in CODITECT_LICENSE_ROOTS. "
            "Your vendor ships the file; whoever runs the server prints it from the key set "
            "(GET /api/v1/licenses/keys/, member pem) over a channel you trust."
        )


class ServerUnreachable(LicenseError):
    """No answer came: refused, timed out or cut off. A held lease stays good until its end."""

    code = "server_unreachable"


class ServerBusy(LicenseError):
    """The server asks to come back later (503, 429). Nothing was changed.

    `reason` is the server's own code; `retry_after_seconds` its wish, None when it gave none.
    """

    code = "server_busy"

    def __init__(
        self, message: str, *, reason: str = "", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class ServerFault(LicenseError):
    """The answer is outside the contract: another 5xx, a redirect, or an unreadable body."""

    code = "server_fault"


class RequestRefused(LicenseError):
    """The server did not accept the request as it was sent. `reason` is the server's code."""

    code = "request_refused"

    def __init__(self, message: str, *, reason: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status


class NotAuthorized(LicenseError):
    """The credential is missing, unknown, or may not do this. `reason` is the server's code."""

    code = "not_authorized"

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class LicenseRefused(LicenseError):
    """The license itself is refused; asking again changes nothing until its owner acts."""

    code = "license_refused"


class LicenseUnknown(LicenseRefused):
    """There is no such license key or session, or it is another tenant's: the server tells neither.

    Source: design/contract.md, `not_found`.
    """

    code = "license_unknown"


class LicenseExpired(LicenseRefused):
    """The license's own end (`expires_at`) has passed."""

    code = "license_expired"


class LicenseSuspended(LicenseRefused):
    """The license is suspended; its owner can reinstate it."""

    code = "license_suspended"


class LicenseRevoked(LicenseRefused):
    """The license was revoked for good."""

    code = "license_revoked"


class NotEntitled(LicenseRefused):
    """The license does not cover what was asked for."""

    code = "not_entitled"


class NoSeatAvailable(LicenseError):
    """Every seat is held. `seats_total` and `seats_in_use` are None when the server kept silent."""

    code = "no_seat_available"

    def __init__(
        self,
        message: str,
        *,
        seats_total: int | None = None,
        seats_in_use: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.seats_total = seats_total
        self.seats_in_use = seats_in_use
        self.retry_after_seconds = retry_after_seconds


class PersonalCapReached(LicenseError):
    """This person holds as many seats of the license as one may; releasing one of them helps.

    `personal_cap` is that number, None when the server kept silent.
    """

    code = "personal_cap_reached"

    def __init__(self, message: str, *, personal_cap: int | None = None) -> None:
        super().__init__(message)
        self.personal_cap = personal_cap


class LeaseError(LicenseError):
    """Something about a lease that this program holds or held."""

    code = "lease_error"


class LeaseLost(LeaseError):
    """The lease ended. `reason` is expired, released or taken_over."""

    code = "lease_lost"

    def __init__(self, message: str, *, reason: str = "expired") -> None:
        super().__init__(message)
        self.reason = reason


class LeaseForked(LeaseError):
    """The lease belongs to the parent process; a child acquires its own."""

    code = "lease_forked"


class VerificationFailed(LicenseError):
    """A signed answer does not hold, or is not for this request. Nothing in it was used."""

    code = "verification_failed"


class RootUnknown(VerificationFailed):
    """The answer is signed by a root that is not pinned; a newer key set may name it."""

    code = "root_unknown"


class ClockSuspect(LicenseError):
    """The clock stands before a time the server has signed, and the server cannot be asked.

    One contact with the server heals it; so does a right clock.
    """

    code = "clock_suspect"
