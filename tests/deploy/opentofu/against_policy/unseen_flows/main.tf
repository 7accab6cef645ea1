resource "google_compute_subnetwork" "s" {
  name          = "s"
  network       = "n"
  ip_cidr_range = "10.10.0.0/22"
}
