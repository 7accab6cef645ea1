# What is kept and for how long, and what the module refuses. What the filters find is tried with
# log entries by tests/deploy/log_filters.

variables {
  project_id           = "coditect-citus-prod"
  kms_project_id       = "coditect-cloud-infra"
  encryption_key_name  = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/logs"
  evidence_bucket_name = "coditect-citus-prod-license-evidence"
  evidence_collectors  = ["serviceAccount:license-evidence@coditect-citus-prod.iam.gserviceaccount.com"]
  evidence_readers     = ["group:security@coditect.ai"]
}

run "what_is_kept" {
  command = plan

  assert {
    condition     = google_logging_project_bucket_config.audit.bucket_id == "license-audit" && google_logging_project_bucket_config.audit.location == "us-central1"
    error_message = "the log bucket is another one"
  }

  assert {
    condition     = google_logging_project_bucket_config.audit.locked && google_logging_project_bucket_config.audit.retention_days == 400
    error_message = "logs can be deleted before 400 days are over"
  }

  assert {
    condition     = google_logging_project_bucket_config.audit.cmek_settings[0].kms_key_name == var.encryption_key_name
    error_message = "Google's own key encrypts the logs"
  }

  assert {
    condition     = keys(google_logging_project_sink.kept) == ["license-audit", "license-security"] && google_logging_project_sink.kms[0].project == "coditect-cloud-infra"
    error_message = "a stream is not kept"
  }

  assert {
    condition     = alltrue([for sink in concat(values(google_logging_project_sink.kept), google_logging_project_sink.kms) : length(sink.exclusions) == 0 && sink.unique_writer_identity])
    error_message = "a sink leaves something out"
  }

  assert {
    condition     = google_logging_project_sink.kept["license-audit"].filter == "resource.type=\"k8s_container\" AND resource.labels.namespace_name=(\"coditect-license\") AND jsonPayload.stream=\"audit\""
    error_message = "the audit is filtered by more than its stream"
  }

  assert {
    condition     = google_project_iam_member.kms_sink[0].role == "roles/logging.bucketWriter" && google_project_iam_member.kms_sink[0].condition[0].expression == "resource.name.endsWith(\"locations/us-central1/buckets/license-audit\")"
    error_message = "the key's project writes into other buckets too, or into none"
  }

  assert {
    condition     = google_storage_bucket.evidence.retention_policy[0].is_locked && google_storage_bucket.evidence.retention_policy[0].retention_period == "34560000"
    error_message = "evidence can be deleted before 400 days are over"
  }

  assert {
    condition     = google_storage_bucket.evidence.public_access_prevention == "enforced" && google_storage_bucket.evidence.uniform_bucket_level_access && !google_storage_bucket.evidence.force_destroy
    error_message = "evidence can be made public, or deleted with its bucket"
  }

  assert {
    condition     = google_storage_bucket.evidence.encryption[0].default_kms_key_name == var.encryption_key_name
    error_message = "Google's own key encrypts the evidence"
  }

  assert {
    condition     = [for grant in google_storage_bucket_iam_member.collector : "${grant.role} ${grant.member}"] == ["roles/storage.objectCreator serviceAccount:license-evidence@coditect-citus-prod.iam.gserviceaccount.com"]
    error_message = "the incident tool cannot add evidence, or may more"
  }

  assert {
    condition     = [for grant in google_storage_bucket_iam_member.reader : "${grant.role} ${grant.member}"] == ["roles/storage.objectViewer group:security@coditect.ai"]
    error_message = "somebody else reads the evidence"
  }
}

run "one_project_and_no_lock" {
  command = plan

  variables {
    kms_project_id   = "coditect-citus-prod"
    lock_retention   = false
    namespaces       = ["coditect-app", "coditect-license"]
    evidence_readers = []
  }

  assert {
    condition     = length(google_logging_project_sink.kms) == 0 && length(google_project_iam_member.kms_sink) == 0 && length(google_storage_bucket_iam_member.reader) == 0
    error_message = "one project's logs would come twice, or somebody reads them"
  }

  assert {
    condition     = !google_logging_project_bucket_config.audit.locked && !google_storage_bucket.evidence.retention_policy[0].is_locked
    error_message = "an installation that is taken down again would leave locked buckets"
  }

  assert {
    condition     = strcontains(output.filters["license-audit"], "resource.labels.namespace_name=(\"coditect-app\" OR \"coditect-license\")")
    error_message = "one of two namespaces is not kept"
  }
}

run "what_is_refused" {
  command = plan

  variables {
    location                = "us"
    namespaces              = []
    retention_days          = 30
    encryption_key_name     = ""
    evidence_bucket_name    = "Evidence"
    evidence_retention_days = 7
    evidence_collectors     = ["user:somebody@coditect.ai"]
    evidence_readers        = ["allUsers"]
  }

  expect_failures = [
    var.location, var.namespaces, var.retention_days, var.encryption_key_name,
    var.evidence_bucket_name, var.evidence_retention_days, var.evidence_collectors,
    var.evidence_readers,
  ]
}
