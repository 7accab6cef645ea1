resource "google_artifact_registry_repository" "images" {
  repository_id = "coditect-license"
  location      = "us-central1"
  format        = "DOCKER"
  kms_key_name  = "k"
}
