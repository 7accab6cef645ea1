resource "google_secret_manager_secret_version" "pepper" {
  secret      = "projects/p/secrets/license-key-pepper-1"
  secret_data = "not a pepper"
}
