output "log_bucket" {
  description = "Resource name of the log bucket, to ask it: gcloud logging read --bucket=… --location=…"
  value       = google_logging_project_bucket_config.audit.id
}

output "log_bucket_id" {
  description = "Name of the log bucket."
  value       = var.log_bucket_id
}

output "filters" {
  description = "What is kept, in the language of Cloud Logging, by sink."
  value = merge(
    { for name, sink in local.sinks : name => sink.filter },
    local.other_kms_project ? { license-kms = local.cloud_audit_filter } : {},
  )
}

output "evidence_bucket" {
  description = "Name of the bucket of evidence, for the incident tool."
  value       = google_storage_bucket.evidence.name
}
