"""What the leasing plane counts, and both planes of their calls (docs/metrics.md).

Calls and acquires are counted on the event loop, batches by the writer: each by one thread.
"""

from typing import Final, Literal

from foundation import metrics
from foundation.tallies import OpenThings
from leasing.errors import LicenseUnknown, PersonalCapReached, SeatsExhausted, TooManyInstances
from licenses.errors import LicenseExpired, LicenseRevoked, LicenseSuspended

Plane = Literal["leasing", "control"]

UNKNOWN: Final = "unknown"
"""The route of every address that is none of ours."""

requests = metrics.tally(
    "http_requests_total",
    "Calls answered, by status, pattern of the address and plane.",
    ("code", "route", "plane"),
)
request_seconds = metrics.buckets_by_labels(
    "http_request_duration_seconds",
    "How long calls took from their head to the end of the answer.",
    ("route", "plane"),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
DENIALS: Final[dict[type[Exception], str]] = {
    SeatsExhausted: "seats_exhausted",
    PersonalCapReached: "personal_cap_reached",
    LicenseExpired: "license_expired",
    LicenseSuspended: "license_suspended",
    LicenseRevoked: "license_revoked",
    LicenseUnknown: "license_unknown",
    TooManyInstances: "too_many_instances",
}
"""What denials are called: as in the audit's counts, where they are counted there."""

acquires = metrics.tally(
    "license_acquires_total",
    "Acquires decided: a new seat granted, one held already, or denied.",
    ("outcome",),
    known=[("granted",), ("held",), ("denied",)],
)
denials = metrics.tally(
    "license_denials_total",
    "Acquires denied, by reason; together they are the denied.",
    ("reason",),
    known=[(reason,) for reason in DENIALS.values()],
)
shed = metrics.counter(
    "license_shed_total",
    "Calls turned away before anything was decided, of either plane, by reason.",
    "reason",
)
batch_size = metrics.buckets(
    "license_batch_size",
    "Calls that the engine decided in one batch.",
    (1, 2, 5, 10, 20, 50, 100, 200, 500),
)
batch_seconds = metrics.buckets(
    "license_batch_commit_seconds",
    "How long a batch took to be decided and committed, also one that failed.",
    (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
)
waiting_calls = metrics.gauges("license_waiting_calls", "Calls that wait for the engine's commit.")
reaper_age = metrics.gauges(
    "license_reaper_age_seconds",
    "Seconds since this process last looked for lapsed sessions and ended what it found.",
)

connections = OpenThings()
"""The engine's own connections to the ledger."""


def count_request(plane: Plane, route: str, status: int | None, seconds: float) -> None:
    """Count one call; without a status it broke off unanswered. ``route`` is of a small set."""
    if status is None:
        return
    requests.add(status, route, plane)
    request_seconds.of(route, plane).add(seconds)
