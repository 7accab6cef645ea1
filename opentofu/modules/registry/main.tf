# Every release has a tag, and a tag never moves: what was tested is what runs. Tagged images stay.
resource "google_artifact_registry_repository" "this" {
  project       = var.project_id
  location      = var.location
  repository_id = var.repository_id
  description   = "Images of the license platform, named by digest where they run"
  format        = "DOCKER"
  mode          = "STANDARD_REPOSITORY"
  kms_key_name  = var.encryption_key_name
  labels        = var.labels

  docker_config {
    immutable_tags = true
  }

  # For what nobody released: builds that were tried. Keeping wins over deleting.
  cleanup_policy_dry_run = false

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.keep_versions
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"

    condition {
      tag_state  = "UNTAGGED"
      older_than = "${var.untagged_days * 86400}s"
    }
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }
}

resource "google_artifact_registry_repository_iam_binding" "reader" {
  project    = var.project_id
  location   = var.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.reader"
  members    = var.readers
}

resource "google_artifact_registry_repository_iam_binding" "writer" {
  count = length(var.writers) == 0 ? 0 : 1

  project    = var.project_id
  location   = var.location
  repository = google_artifact_registry_repository.this.name
  role       = "roles/artifactregistry.writer"
  members    = var.writers
}
