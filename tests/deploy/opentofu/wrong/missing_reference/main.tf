resource "google_redis_instance" "cache" {
  name               = "cache"
  memory_size_gb     = 6
  authorized_network = google_compute_network.vpc.id
}
