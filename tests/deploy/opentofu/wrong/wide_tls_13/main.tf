resource "google_compute_ssl_policy" "edge" {
  name            = "edge"
  profile         = "MODERN"
  min_tls_version = "TLS_1_3"
}
