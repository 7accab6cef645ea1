resource "google_logging_project_bucket_config" "audit" {
  project        = "p"
  location       = "us-central1"
  bucket_id      = "audit"
  retention_days = 30

  cmek_settings {
    kms_key_name = "k"
  }
}
