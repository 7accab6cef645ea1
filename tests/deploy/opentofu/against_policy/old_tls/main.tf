resource "google_compute_ssl_policy" "edge" {
  name = "edge"
}
