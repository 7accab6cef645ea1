"""What can go wrong with a lease, in the words of the domain; HTTP is somebody else's.

LeasingError
├── LicenseUnknown     no license of the caller's tenant has this key
├── SessionUnknown     no session of the caller's tenant has this id
├── SeatsExhausted     every seat was held at some instant of the call (S3)
├── PersonalCapReached this person holds as many seats of the license as one may
├── LeaseLost          the session is over: expired, released or taken over
├── BorrowingOff       the license's policy lends no seats
├── LoanTooLong        the license's policy lends seats for a shorter time
├── SeatBorrowed       a file that runs on holds the seat; whoever ends that must say so
├── TooManyInstances   one device runs more programs on one seat than are kept apart
├── TooMuchHistory     more sessions than one answer about usage can count
├── StoreUnavailable   the ledger cannot be reached; nothing was changed, or repeating is safe
└── Overloaded         the queue for this kind of call is full; nothing was changed
"""

from datetime import datetime
from typing import Final, Literal

LossReason = Literal["expired", "released", "taken_over"]
MOST_INSTANCES_PER_DEVICE: Final = 1_000


class LeasingError(Exception):
    """A call on leases that has no lease for an answer."""


class LicenseUnknown(LeasingError):
    """No license of the caller's tenant has this key."""


class SessionUnknown(LeasingError):
    """No session of the caller's tenant, or of the licence key shown, has this id."""


class SeatsExhausted(LeasingError):
    """Every seat is held. ``retry_after_seconds`` is when one can come free at the earliest."""

    def __init__(self, *, total: int, in_use: int, retry_after_seconds: int) -> None:
        super().__init__(f"all {total} seats are in use")
        self.total = total
        self.in_use = in_use
        self.retry_after_seconds = retry_after_seconds


class PersonalCapReached(LeasingError):
    """A person holds as many seats of a license as one may; whoever else asks is not affected."""

    def __init__(self, cap: int) -> None:
        super().__init__(f"one person may hold {cap} seats")
        self.cap = cap


class LeaseLost(LeasingError):
    """The session ended; the program must stop or acquire anew."""

    def __init__(self, reason: LossReason) -> None:
        super().__init__(f"the lease is lost: {reason}")
        self.reason: LossReason = reason


class BorrowingOff(LeasingError):
    """The policy of the license says ``offline_seconds`` 0."""


class LoanTooLong(LeasingError):
    """The policy of the license lends a seat for at most ``longest_seconds``."""

    def __init__(self, longest_seconds: int) -> None:
        super().__init__(f"a seat is lent for at most {longest_seconds} seconds")
        self.longest_seconds = longest_seconds


class SeatBorrowed(LeasingError):
    """A seat is not free before the file that was made of it ends, ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"the seat was lent as a file that runs until {until.isoformat()}")
        self.until = until


class TooManyInstances(LeasingError):
    """More than 1,000 live instances on one device; the seat itself is not affected."""


class TooMuchHistory(LeasingError):
    """Usage of a shorter time, or of one license, can be told."""


class StoreUnavailable(LeasingError):
    """The ledger cannot be reached in time."""


class Overloaded(LeasingError):
    """Too many calls of this kind wait already."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("too many calls are waiting")
        self.retry_after_seconds = retry_after_seconds
