"""What the signers count (docs/metrics.md)."""

from foundation import metrics

signatures = metrics.counter_by_two(
    "license_signatures_total",
    "Signatures asked for, by signer (kms, local, delegated) and outcome (signed, failed).",
    ("signer", "outcome"),
)
kms_error = metrics.counter(
    "kms_sign_errors_total",
    "Attempts to sign with Cloud KMS, and calls refused without one, that gave no signature.",
    "reason",
)
kms_attempt_seconds = metrics.histogram(
    "kms_sign_seconds",
    "How long each attempt to sign with Cloud KMS took, whatever came of it.",
    (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.8),
)
delegation_seconds_left = metrics.gauge(
    "license_delegation_remaining_seconds",
    "How long lease tokens can still be signed if the root never answers again.",
)
kms_breaker_state = metrics.gauge(
    "kms_breaker_state", "0 closed: calls go to Cloud KMS; 1 half open: one does; 2 open: none."
)
