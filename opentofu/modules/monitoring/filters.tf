# What is watched in the logs, in the language of Cloud Logging. Tried with log entries, which each
# must find or pass over, by tests/deploy/log_filters.

locals {
  changes = "log_id(\"cloudaudit.googleapis.com/activity\")"
  reads   = "log_id(\"cloudaudit.googleapis.com/data_access\")"

  # Bindings of projects, secrets, keys, buckets, accounts; and what bindings are made of.
  iam_changes = join(" ", [
    local.changes,
    "AND (protoPayload.methodName=~\"(?i)(setiampolicy|setiampermissions)$\"",
    "OR protoPayload.methodName=~\"^google\\.iam\\.(admin\\.)?v1\\..*(Create|Update|Patch|Delete|Undelete|Enable|Disable|Upload)\")",
  ])

  # A secret by a stranger, or one that nobody is listed for.
  listed_readers = [
    for secret in sort(keys(var.secret_readers)) : join(" ", concat(
      ["(protoPayload.resourceName=~\"/secrets/${secret}/versions/\""],
      length(var.secret_readers[secret]) == 0 ? [] : [
        "AND NOT protoPayload.authenticationInfo.principalEmail=(${join(" OR ", [for email in sort(var.secret_readers[secret]) : "\"${email}\""])})",
      ],
    ))
  ]
  secret_access = join(" ", [
    local.reads,
    "AND protoPayload.methodName=\"google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion\"",
    "AND (${join(" OR ", [for clause in local.listed_readers : "${clause})"])}",
    "OR NOT protoPayload.resourceName=~\"/secrets/(${join("|", sort(keys(var.secret_readers)))})/versions/\")",
  ])

  # Versions made, disabled, destroyed or restored, rings, bindings: whatever changes a key.
  key_changes = "${local.changes} AND protoPayload.serviceName=\"cloudkms.googleapis.com\""

  # A signature that neither the leasing plane nor the console asked for.
  foreign_signatures = join(" ", [
    local.reads,
    "AND protoPayload.methodName=\"AsymmetricSign\"",
    "AND protoPayload.resourceName=~\"/keyRings/${var.key_ring_name}/cryptoKeys/${var.signing_key_name}/\"",
    "AND NOT protoPayload.authenticationInfo.principalEmail=(${join(" OR ", [for email in sort(var.signers) : "\"${email}\""])})",
  ])

  armor_denials = join(" AND ", [
    "resource.type=\"http_load_balancer\"",
    "jsonPayload.enforcedSecurityPolicy.name=\"${var.security_policy_name}\"",
    "jsonPayload.enforcedSecurityPolicy.outcome=\"DENY\"",
  ])

  watched = {
    license-iam-changes = {
      project = "cluster", filter = local.iam_changes, severity = "WARNING", runbook = "iam-changed"
      says    = "Somebody changed who may do what"
    }
    license-secret-access = {
      project = "cluster", filter = local.secret_access, severity = "CRITICAL", runbook = "secret-read-by-a-stranger"
      says    = "A secret was read by somebody who is not listed for it"
    }
    license-key-changes = {
      project = "kms", filter = local.key_changes, severity = "CRITICAL", runbook = "key-changed"
      says    = "A key, one of its versions or its bindings changed"
    }
    license-foreign-signatures = {
      project = "kms", filter = local.foreign_signatures, severity = "CRITICAL", runbook = "key-compromise"
      says    = "The signing key signed for somebody else than the leasing plane and the console"
    }
  }

  # The key's project has bindings too, and the cluster's project has keys (CMEK).
  watched_elsewhere = var.kms_project_id == var.project_id ? {} : {
    license-iam-changes-of-kms = merge(local.watched.license-iam-changes, { project = "kms" })
    license-cmek-changes       = merge(local.watched.license-key-changes, { project = "cluster" })
  }

  alerts = merge(local.watched, local.watched_elsewhere)

  project_ids = { cluster = var.project_id, kms = var.kms_project_id }
}
