resource "google_redis_instance" "cache" {
  name = "cache"
}
