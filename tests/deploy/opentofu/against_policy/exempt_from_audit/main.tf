resource "google_project_iam_audit_config" "kms" {
  project = "p"
  service = "cloudkms.googleapis.com"

  audit_log_config {
    log_type = "ADMIN_READ"
  }

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type         = "DATA_WRITE"
    exempted_members = ["user:somebody@coditect.ai"]
  }
}
