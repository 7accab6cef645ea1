# Soft state: shared rate limits and wake-ups. No lease lies here, and the servers go on without it.

locals {
  # With in-transit encryption Memorystore listens here and nowhere else.
  tls_port = 6378
}

resource "google_redis_instance" "cache" {
  project        = var.project_id
  region         = var.region
  name           = var.name
  display_name   = "Shared limits and notices of the license servers"
  tier           = var.tier
  memory_size_gb = var.memory_size_gb
  redis_version  = var.redis_version
  labels         = var.labels

  authorized_network = var.network_id
  connect_mode       = "PRIVATE_SERVICE_ACCESS"
  reserved_ip_range  = var.reserved_ip_range

  transit_encryption_mode = "SERVER_AUTHENTICATION"
  auth_enabled            = true
  customer_managed_key    = var.encryption_key_name
  deletion_protection     = var.deletion_protection

  # Full memory refuses writes, which the servers take for an absence; any eviction policy would
  # forget counters and so lift limits one by one, in silence.
  redis_configs = {
    "maxmemory-policy" = "noeviction"
  }

  # Whatever is lost is counted anew within a minute; a snapshot would bring old counts back.
  persistence_config {
    persistence_mode = "DISABLED"
  }

  maintenance_policy {
    description = "outside the working hours of most customers"

    weekly_maintenance_window {
      day = var.maintenance_window.day

      start_time {
        hours   = var.maintenance_window.hour
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

check "tls_has_its_port" {
  assert {
    condition     = google_redis_instance.cache.port == local.tls_port
    error_message = "Memorystore listens on another port than 6378: without in-transit encryption, or the vendor changed it; the network policies admit 6378 alone."
  }
}
