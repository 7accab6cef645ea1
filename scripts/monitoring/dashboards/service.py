"""The service: rate, errors, duration, and what stands behind them."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from scripts.monitoring.dashboards.panels import (
    COUNT,
    PER_SECOND,
    SECONDS,
    SHARE,
    Part,
    board,
    lines,
    number,
    of,
    quantiles,
    rate,
    rate_by,
    stacked,
)

_TOOK = "http_request_duration_seconds"


def service() -> Dashboard:
    """Return the dashboard."""
    return board(
        "License service",
        "license-service",
        "Calls a second, how many fail, how long they take; then what limits them.",
        [*_rate(), *_errors(), *_duration(), *_limits()],
    )


def _rate() -> list[Part]:
    usual = "license:http_requests:baseline"
    return [
        Row("Rate"),
        stacked(
            lines(
                "Calls by address",
                rate_by("route", "http_requests_total"),
                unit=PER_SECOND,
                text="Nearly all of it are heartbeats: one for each lease in two minutes.",
            )
        ),
        lines(
            "Calls, and what is usual",
            {"now": "license:http_requests:rate5m", "usual": usual, "alert": f"4 * {usual}"},
            unit=PER_SECOND,
            text="PotentialDDoSAttack fires above four times what is usual, and above 100.",
        ),
    ]


def _errors() -> list[Part]:
    return [
        Row("Errors"),
        lines(
            "Leasing calls that fail",
            {
                "{{route}} 5 min": "license:calls_failed:ratio_rate5m",
                "{{route}} 1 h": "license:calls_failed:ratio_rate1h",
            },
            unit=SHARE,
            text="Answers of 500 and more. LicenseErrorBudgetBurnsFast fires above 1.44 %.",
            above=0.0144,
        ),
        lines(
            "Refusals and failures",
            rate_by("code", "http_requests_total", 'code=~"[45].."'),
            unit=PER_SECOND,
            text="401 and 403 together are what HighAuthenticationFailureRate looks at.",
        ),
        lines(
            "Calls turned away",
            rate_by("reason", "license_shed_total"),
            unit=PER_SECOND,
            text="Before anything was decided. Acquires go first, heartbeats last.",
        ),
        lines(
            "Credentials refused",
            rate_by("cause", "license_credentials_refused_total"),
            unit=PER_SECOND,
            text="Bearer credentials, by cause; the caller hears none of them.",
        ),
    ]


def _duration() -> list[Part]:
    return [
        Row("Duration"),
        lines(
            "Leasing calls, 99th percentile",
            quantiles([0.99], _TOOK, by="route", matchers='plane="leasing"'),
            unit=SECONDS,
            text="From the head of the call to the end of the answer.",
        ),
        lines(
            "Both planes",
            quantiles([0.5, 0.95, 0.99], _TOOK, by="plane"),
            unit=SECONDS,
            text="The control plane's calls are few, and some of them read much.",
        ),
        lines(
            "Leasing calls slower than a second",
            {
                "{{route}} 5 min": "license:calls_slow:ratio_rate5m",
                "{{route}} 1 h": "license:calls_slow:ratio_rate1h",
            },
            unit=SHARE,
            text="LicenseLatencyBudgetBurnsFast fires above 14.4 %.",
            above=0.144,
        ),
        lines(
            "A batch, until it is durable",
            quantiles([0.5, 0.99], "license_batch_commit_seconds"),
            unit=SECONDS,
            text="What the database adds to every leasing call.",
        ),
    ]


def _limits() -> list[Part]:
    calls, batches = rate("license_batch_size_sum"), rate("license_batch_size_count")
    return [
        Row("Limits"),
        lines(
            "Calls in a batch, on average",
            {"calls": f"sum({calls}) / sum({batches})"},
            unit=COUNT,
            text="More calls at a time make larger batches, which cost less each. At most 500.",
            width=6,
        ),
        lines(
            "Calls that wait for a commit",
            {"{{instance}}": of("license_waiting_calls")},
            unit=COUNT,
            text="Of each process. A queue that fills turns acquires away first.",
            width=6,
        ),
        lines(
            "Database connections",
            {
                "open": f"sum({of('django_db_connections_active')})",
                "admitted": f"max({of('django_db_connections_max')})",
            },
            unit=COUNT,
            text="DatabaseConnectionPoolExhausted fires above nine tenths. SQLite has no bound.",
            width=6,
        ),
        lines(
            "Valkey",
            {"{{instance}}": of("license_soft_state_up")},
            unit=COUNT,
            text="1 while limits are shared and notices heard. Empty where none is used.",
            width=6,
        ),
        number(
            "Servers that answer",
            f"sum({of('up')})",
            unit=COUNT,
            text="Of all that Prometheus knows.",
            below=1,
        ),
        number(
            "Versions",
            f"count by (version) ({of('license_build_info')})",
            unit=COUNT,
            text="How many processes run each version.",
            legend="{{version}}",
        ),
    ]
