"""Requests that Google's interface refuses although the provider's schema allows them.

Each with where it is said. They are few on purpose: only what an earlier form of this project's
configuration ran into.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Said = Mapping[str, Any]
Rule = tuple[str, Callable[[Said], bool], str]


def refusals(resource: str, said: Said) -> Iterator[str]:
    """Yield a sentence for each rule that a resource's configuration breaks.

    Values that are not known yet break none.
    """
    for applies_to, refused, why in RULES:
        if applies_to == resource and refused(said):
            yield why


def _first(said: Said, block: str) -> Said:
    found = said.get(block)
    return found[0] if isinstance(found, list) and found else {}


def _rotates_a_signing_key(said: Said) -> bool:
    rotates = said.get("rotation_period") is not None
    return rotates and str(said.get("purpose")).startswith("ASYMMETRIC")


def _custom_tier_without_edition(said: Said) -> bool:
    settings = _first(said, "settings")
    major = str(said.get("database_version")).removeprefix("POSTGRES_")
    custom = str(settings.get("tier")).startswith("db-custom-")
    plus = settings.get("edition") in {None, "ENTERPRISE_PLUS"}
    return custom and plus and major.isdigit() and int(major) >= 16


def _more_than_seven_days_of_logs(said: Said) -> bool:
    settings = _first(said, "settings")
    days = _first(settings, "backup_configuration").get("transaction_log_retention_days")
    return settings.get("edition") == "ENTERPRISE" and isinstance(days, int | float) and days > 7


def _tls_13_with_a_wider_profile(said: Said) -> bool:
    return said.get("min_tls_version") == "TLS_1_3" and said.get("profile") != "RESTRICTED"


SIGNING_KEY: Rule = (
    "google_kms_crypto_key",
    _rotates_a_signing_key,
    "rotation_period: KMS rotates no ASYMMETRIC_SIGN key (cloud.google.com/kms/docs/key-rotation)",
)
CUSTOM_TIER: Rule = (
    "google_sql_database_instance",
    _custom_tier_without_edition,
    "tier: POSTGRES_16 takes no db-custom unless edition = ENTERPRISE (magic-modules#18014)",
)
DAYS_OF_LOGS: Rule = (
    "google_sql_database_instance",
    _more_than_seven_days_of_logs,
    "transaction_log_retention_days: 7 at most in ENTERPRISE (sql/docs backup-recovery/pitr)",
)
TLS_13: Rule = (
    "google_compute_ssl_policy",
    _tls_13_with_a_wider_profile,
    "profile: TLS_1_3 wants RESTRICTED (compute/v1 SslPolicy.minTlsVersion)",
)
RULES = (SIGNING_KEY, CUSTOM_TIER, DAYS_OF_LOGS, TLS_13)
