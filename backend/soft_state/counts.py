"""What soft state counts (docs/metrics.md)."""

from foundation import metrics

up = metrics.gauges(
    "license_soft_state_up",
    "1 while limits are shared and notices heard through Valkey, 0 while either is not.",
)
errors = metrics.counter(
    "license_soft_state_errors_total",
    "Attempts to use Valkey that failed, by use: limits, notices, announcements.",
    "use",
)
