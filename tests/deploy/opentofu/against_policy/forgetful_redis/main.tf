resource "google_redis_instance" "cache" {
  name                    = "coditect-license-redis"
  tier                    = "STANDARD_HA"
  memory_size_gb          = 6
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  customer_managed_key    = "k"

  redis_configs = {
    maxmemory-policy = "allkeys-lru"
  }
}
