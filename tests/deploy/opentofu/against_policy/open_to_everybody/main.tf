resource "google_storage_bucket_iam_member" "evidence" {
  bucket = "evidence"
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}

resource "google_artifact_registry_repository_iam_binding" "images" {
  repository = "coditect-license"
  role       = "roles/artifactregistry.reader"
  members    = ["allAuthenticatedUsers"]
}
