"""Seats: who holds them, who is turned away, and the work behind them."""

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
    rate_by,
    stacked,
)


def seats() -> Dashboard:
    """Return the dashboard. What is counted in the ledger is the same from every process: max."""
    return board(
        "License seats",
        "license-seats",
        "Leases and licenses of the whole ledger; acquires and denials; what is done behind them.",
        [*_use(), *_demand(), *_housekeeping()],
    )


def _use() -> list[Part]:
    live, fullest = of("license_leases", 'state="live"'), of("license_seats_in_use_ratio")
    return [
        number(
            "Live leases",
            f"max({live})",
            unit=COUNT,
            text="Seats that somebody holds now.",
        ),
        number(
            "Full licenses",
            f"max({of('license_seats_exhausted')})",
            unit=COUNT,
            text="Licenses with every seat taken.",
            above=1,
        ),
        number(
            "Reclaim hold",
            f"max({of('license_reclaim_hold')})",
            unit=COUNT,
            text="1 while lapsed seats wait for their owners after a gap.",
            above=1,
        ),
        Row("Use"),
        stacked(
            lines(
                "Leases by state",
                {"{{state}}": f"max by (state) ({of('license_leases')})"},
                unit=COUNT,
                text="lapsed: their time is over, and the reaper has not ended them yet.",
            )
        ),
        lines(
            "Seats in use, of the fullest licenses",
            {"{{license_id}}": f"max by (tenant_id, license_id) ({fullest})"},
            unit=SHARE,
            text="Only the fullest are shown, so that there are few series whatever is sold.",
            above=1,
        ),
    ]


def _demand() -> list[Part]:
    return [
        Row("Demand"),
        stacked(
            lines(
                "Acquires",
                rate_by("outcome", "license_acquires_total"),
                unit=PER_SECOND,
                text="granted: a new seat. held: the caller's own, again. denied: none.",
            )
        ),
        stacked(
            lines(
                "Denials by reason",
                rate_by("reason", "license_denials_total"),
                unit=PER_SECOND,
                text="The codes that callers see.",
            )
        ),
    ]


def _housekeeping() -> list[Part]:
    return [
        Row("Housekeeping"),
        lines(
            "Reaper",
            {"{{instance}}": of("license_reaper_age_seconds")},
            unit=SECONDS,
            text="Since each process last looked for lapsed sessions: at most a minute.",
            width=8,
            above=600,
        ),
        lines(
            "Sealer",
            {"unsealed": f"max({of('license_audit_unsealed_age_seconds')})"},
            unit=SECONDS,
            text="How old an audit event can be that is in no chain yet.",
            width=8,
            above=900,
        ),
        lines(
            "Outbox",
            {"oldest": f"max({of('license_outbox_age_seconds')})"},
            unit=SECONDS,
            text="The oldest message that was not delivered.",
            width=8,
            above=86_400,
        ),
    ]
