resource "google_compute_firewall" "ssh" {
  name          = "ssh"
  network       = "n"
  source_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

# No source at all is everybody too.
resource "google_compute_firewall" "anywhere" {
  name    = "anywhere"
  network = "n"

  allow {
    protocol = "tcp"
    ports    = ["8000"]
  }
}
