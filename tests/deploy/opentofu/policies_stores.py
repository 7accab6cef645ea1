"""Policies on what holds data and on how it is reached; see ``policies``."""

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.opentofu.environments import Resource
from deploy.opentofu.policies import broken, first, policy

Values = Mapping[str, Any]
THE_INTERNET = {"0.0.0.0/0", "::/0"}


@policy("loose_bucket")
def _buckets_are_uniform_kept_and_private(all_of: Sequence[Resource]) -> list[str]:
    """What is overwritten is kept: by versions, or because a retention period forbids it."""

    def is_right(bucket: Values) -> bool:
        versioned = first(bucket, "versioning", "enabled") is True
        retained = int(first(bucket, "retention_policy", "retention_period") or 0) > 0
        return (
            bucket.get("uniform_bucket_level_access") is True
            and bucket.get("public_access_prevention") == "enforced"
            and (versioned or retained)
            and bool(first(bucket, "encryption", "default_kms_key_name"))
            and not bucket.get("force_destroy")
        )

    return broken(all_of, "google_storage_bucket", is_right)


@policy("public_database")
def _databases_have_no_public_address(all_of: Sequence[Resource]) -> list[str]:
    def is_right(database: Values) -> bool:
        asked = ("settings", "ip_configuration")
        return first(database, *asked, "ipv4_enabled") is False and not first(
            database, *asked, "authorized_networks"
        )

    return broken(all_of, "google_sql_database_instance", is_right)


@policy("cleartext_database")
def _databases_speak_tls_alone(all_of: Sequence[Resource]) -> list[str]:
    def is_right(database: Values) -> bool:
        mode = first(database, "settings", "ip_configuration", "ssl_mode")
        return mode in {"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"}

    return broken(all_of, "google_sql_database_instance", is_right)


@policy("unprotected_database")
def _databases_are_kept_and_restorable(all_of: Sequence[Resource]) -> list[str]:
    def is_right(database: Values) -> bool:
        backups = ("settings", "backup_configuration")
        return (
            database.get("deletion_protection") is True
            and first(database, "settings", "deletion_protection_enabled") is True
            and first(database, *backups, "enabled") is True
            and first(database, *backups, "point_in_time_recovery_enabled") is True
        )

    return broken(all_of, "google_sql_database_instance", is_right)


@policy("telling_database")
def _databases_log_no_values(all_of: Sequence[Resource]) -> list[str]:
    """Statements' literals and parameters stay out of the log."""

    def is_right(database: Values) -> bool:
        settings = (database.get("settings") or [{}])[0]
        flags = {flag["name"]: flag["value"] for flag in settings.get("database_flags") or []}
        quiet = flags.get("log_statement", "none") in {"none", "ddl"}
        return quiet and flags.get("log_parameter_max_length") == "0"

    return broken(all_of, "google_sql_database_instance", is_right)


@policy("google_encrypted_store")
def _stores_are_encrypted_with_our_keys(all_of: Sequence[Resource]) -> list[str]:
    return [
        one.address for one in all_of if one.kind in KEYS and not first(one.values, *KEYS[one.kind])
    ]


KEYS = {
    "google_sql_database_instance": ("encryption_key_name",),
    "google_redis_instance": ("customer_managed_key",),
    "google_artifact_registry_repository": ("kms_key_name",),
    "google_container_cluster": ("database_encryption", "key_name"),
    "google_container_node_pool": ("node_config", "boot_disk_kms_key"),
    "google_logging_project_bucket_config": ("cmek_settings", "kms_key_name"),
    "google_secret_manager_secret": (
        "replication",
        "user_managed",
        "replicas",
        "customer_managed_encryption",
        "kms_key_name",
    ),
}


@policy("forgetful_redis")
def _redis_forgets_nothing_by_itself(all_of: Sequence[Resource]) -> list[str]:
    def is_right(redis: Values) -> bool:
        configs = redis.get("redis_configs") or {}
        return (
            redis.get("tier") == "STANDARD_HA"
            and configs.get("maxmemory-policy") == "noeviction"
            and redis.get("auth_enabled") is True
            and redis.get("transit_encryption_mode") == "SERVER_AUTHENTICATION"
            and redis.get("connect_mode") == "PRIVATE_SERVICE_ACCESS"
        )

    return broken(all_of, "google_redis_instance", is_right)


@policy("moving_tags")
def _tags_never_move(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_artifact_registry_repository",
        lambda values: first(values, "docker_config", "immutable_tags") is True,
    )


@policy("short_log")
def _audit_logs_are_kept_for_a_year(all_of: Sequence[Resource]) -> list[str]:
    return broken(
        all_of,
        "google_logging_project_bucket_config",
        lambda values: (values.get("retention_days") or 0) >= 365,
    )


@policy("open_firewall")
def _the_firewall_lets_nobody_in_from_anywhere(all_of: Sequence[Resource]) -> list[str]:
    def is_right(rule: Values) -> bool:
        comes_in = rule.get("direction") != "EGRESS" and bool(rule.get("allow"))
        return not comes_in or not THE_INTERNET & set(rule.get("source_ranges") or THE_INTERNET)

    return broken(all_of, "google_compute_firewall", is_right)


@policy("old_tls")
def _tls_is_new_and_restricted(all_of: Sequence[Resource]) -> list[str]:
    def is_right(tls: Values) -> bool:
        new = tls.get("min_tls_version") in {"TLS_1_2", "TLS_1_3"}
        return new and tls.get("profile") == "RESTRICTED"

    return broken(all_of, "google_compute_ssl_policy", is_right)
