resource "google_secret_manager_secret" "pepper" {
  secret_id = "license-key-pepper-1"

  replication {
    auto {}
  }
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "coditect-license"
  location      = "us-central1"
  format        = "DOCKER"

  docker_config {
    immutable_tags = true
  }
}
