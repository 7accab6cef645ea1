resource "google_compute_global_address" "other" {
  name = "other"
}

resource "google_compute_instance" "bastion" {
  name         = "bastion"
  machine_type = "e2-micro"

  boot_disk {}

  network_interface {
    network = "n"
  }
}
