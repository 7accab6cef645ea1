"""Signing: whether what must be signed is signed, by whom, and for how long it still can be."""

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
)

_LEFT = of("license_delegation_remaining_seconds")


def signing() -> Dashboard:
    """Return the dashboard. Its first panel answers the first question."""
    return board(
        "License signing",
        "license-signing",
        "Signatures by signer; Cloud KMS; how long lease tokens can be signed without the root.",
        [*_signatures(), *_cloud_kms(), *_delegation()],
    )


def _signatures() -> list[Part]:
    asked = "license_signatures_total"
    good = rate(asked, 'outcome="signed"')
    return [
        lines(
            "Signatures that succeed, by signer",
            {"{{signer}}": f"sum by (signer) ({good}) / sum by (signer) ({rate(asked)})"},
            unit=SHARE,
            text="delegated: lease tokens. kms, local: the root. Alert for kms below 98 %.",
            width=16,
            below=0.98,
        ),
        lines(
            "Signatures",
            {"{{signer}} {{outcome}}": f"sum by (signer, outcome) ({rate(asked)})"},
            unit=PER_SECOND,
            text="Each acquire that asks for license_data is one of the root.",
            width=8,
        ),
    ]


def _cloud_kms() -> list[Part]:
    return [
        Row("Cloud KMS"),
        lines(
            "Attempts that fail",
            rate_by("reason", "kms_sign_errors_total"),
            unit=PER_SECOND,
            text="Reasons: docs/metrics.md. A call makes up to three attempts.",
            width=8,
        ),
        lines(
            "An attempt",
            quantiles([0.5, 0.95, 0.99], "kms_sign_seconds"),
            unit=SECONDS,
            text="Given up at 0.4 s. LicenseSigningSlow fires when p95 is above 0.3 s.",
            width=8,
            above=0.3,
        ),
        lines(
            "Breaker",
            {"{{instance}}": of("kms_breaker_state")},
            unit=COUNT,
            text="0 closed, 1 half open, 2 open: calls are refused at once, for 5 s.",
            width=8,
        ),
    ]


def _delegation() -> list[Part]:
    wrong = of("kms_sign_errors_total", 'reason=~"signature_wrong|another_key"')
    return [
        Row("Without the root"),
        lines(
            "Delegation left",
            {"{{instance}}": _LEFT},
            unit=SECONDS,
            text="How long lease tokens can be signed without the root. Below 11 h renewals fail.",
            below=39_600,
        ),
        number(
            "Shortest delegation",
            f"min({_LEFT})",
            unit=SECONDS,
            text="Of all processes. At 0 every acquire is 503.",
            below=39_600,
        ),
        number(
            "Wrong signatures",
            f"sum({wrong}) or vector(0)",
            unit=COUNT,
            text="Since the processes began. One is too many.",
            above=1,
        ),
        lines(
            "Keys of issuers",
            rate_by("outcome", "license_issuer_key_fetches_total"),
            unit=PER_SECOND,
            text="Fetches of the keys that identity tokens are verified with.",
        ),
    ]
