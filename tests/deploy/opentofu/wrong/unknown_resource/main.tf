resource "google_license_server" "it" {
  name = "it"
}
