# Where what happened is kept: a bucket of logs that nobody can shorten, and one for the evidence
# of an incident.

locals {
  other_kms_project = var.kms_project_id != var.project_id

  # Each entry of the audit chain is a line with stream = "audit" (docs/how-to/read-the-logs.md).
  audit_filter = join(" AND ", [
    "resource.type=\"k8s_container\"",
    "resource.labels.namespace_name=(${join(" OR ", [for name in sort(var.namespaces) : "\"${name}\""])})",
    "jsonPayload.stream=\"audit\"",
  ])

  # Google's own records: who changed what, who read what, what Google did, what was forbidden.
  # pgaudit's lines are among those of data access.
  cloud_audit_filter = join(" OR ", [
    "log_id(\"cloudaudit.googleapis.com/activity\")",
    "log_id(\"cloudaudit.googleapis.com/data_access\")",
    "log_id(\"cloudaudit.googleapis.com/system_event\")",
    "log_id(\"cloudaudit.googleapis.com/policy\")",
  ])

  # What Cloud Armor refused, or would have refused (preview), and what network policies dropped.
  edge_filter = join(" OR ", [
    "(resource.type=\"http_load_balancer\" AND jsonPayload.enforcedSecurityPolicy.outcome=\"DENY\")",
    "(resource.type=\"http_load_balancer\" AND jsonPayload.previewSecurityPolicy.outcome=\"DENY\")",
    "(log_id(\"policy-action\") AND jsonPayload.disposition=\"deny\")",
  ])

  sinks = {
    license-audit    = { filter = local.audit_filter, says = "The audit chain of the license servers, every line" }
    license-security = { filter = "${local.cloud_audit_filter} OR ${local.edge_filter}", says = "Google's audit logs, what Cloud Armor and the network policies refused" }
  }
}

resource "google_logging_project_bucket_config" "audit" {
  project        = var.project_id
  location       = var.location
  bucket_id      = var.log_bucket_id
  description    = "Audit and security logs of the license platform; retention ${var.lock_retention ? "locked" : "not locked"}"
  retention_days = var.retention_days
  locked         = var.lock_retention

  cmek_settings {
    kms_key_name = var.encryption_key_name
  }

  index_configs {
    field_path = "jsonPayload.tenant_id"
    type       = "INDEX_TYPE_STRING"
  }

  index_configs {
    field_path = "jsonPayload.action"
    type       = "INDEX_TYPE_STRING"
  }

  lifecycle {
    prevent_destroy = true
  }
}

# No exclusions, here or anywhere: what is left out of an audit cannot be asked for later.
resource "google_logging_project_sink" "kept" {
  for_each = local.sinks

  project                = var.project_id
  name                   = each.key
  description            = each.value.says
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = each.value.filter
  unique_writer_identity = true
}

# Whoever signs, and whoever changes the key, is told in the key's own project.
resource "google_logging_project_sink" "kms" {
  count = local.other_kms_project ? 1 : 0

  project                = var.kms_project_id
  name                   = "license-kms"
  description            = "Google's audit logs of the signing key's project"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.audit.id}"
  filter                 = local.cloud_audit_filter
  unique_writer_identity = true
}

resource "google_project_iam_member" "kms_sink" {
  count = local.other_kms_project ? 1 : 0

  project = var.project_id
  role    = "roles/logging.bucketWriter"
  member  = google_logging_project_sink.kms[0].writer_identity

  condition {
    title       = "the audit bucket alone"
    description = "The sink of ${var.kms_project_id} writes into no other bucket"
    expression  = "resource.name.endsWith(\"locations/${var.location}/buckets/${var.log_bucket_id}\")"
  }
}
