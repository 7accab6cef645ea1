# What the instance is, and what the module refuses.

variables {
  project_id          = "coditect-citus-prod"
  network_id          = "projects/coditect-citus-prod/global/networks/coditect-license"
  reserved_ip_range   = "license-redis"
  encryption_key_name = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/redis"
}

run "the_instance" {
  command = plan

  override_resource {
    target          = google_redis_instance.cache
    override_during = plan
    values          = { port = 6378 }
  }

  assert {
    condition     = google_redis_instance.cache.name == "coditect-license-redis" && google_redis_instance.cache.region == "us-central1"
    error_message = "the instance has another name or region"
  }

  assert {
    condition     = google_redis_instance.cache.tier == "STANDARD_HA" && google_redis_instance.cache.memory_size_gb == 6 && google_redis_instance.cache.redis_version == "REDIS_7_2"
    error_message = "the machine is another one"
  }

  assert {
    condition     = google_redis_instance.cache.transit_encryption_mode == "SERVER_AUTHENTICATION" && google_redis_instance.cache.auth_enabled && output.port == 6378
    error_message = "whoever is in the network may listen, or ask"
  }

  assert {
    condition     = google_redis_instance.cache.redis_configs == tomap({ "maxmemory-policy" = "noeviction" })
    error_message = "limits can be evicted"
  }

  assert {
    condition     = google_redis_instance.cache.connect_mode == "PRIVATE_SERVICE_ACCESS" && google_redis_instance.cache.authorized_network == var.network_id && google_redis_instance.cache.reserved_ip_range == "license-redis"
    error_message = "the instance is not where the network policies say"
  }

  assert {
    condition     = google_redis_instance.cache.customer_managed_key == var.encryption_key_name
    error_message = "Google's own key encrypts"
  }

  assert {
    condition     = google_redis_instance.cache.persistence_config[0].persistence_mode == "DISABLED"
    error_message = "a restart would bring old counts back"
  }

  assert {
    condition     = google_redis_instance.cache.maintenance_policy[0].weekly_maintenance_window[0].day == "SUNDAY" && google_redis_instance.cache.maintenance_policy[0].weekly_maintenance_window[0].start_time[0].hours == 8
    error_message = "Memorystore restarts the instance when it likes"
  }

  assert {
    condition     = google_redis_instance.cache.deletion_protection
    error_message = "the instance can be deleted"
  }
}

run "another_port_is_told" {
  command = plan

  override_resource {
    target          = google_redis_instance.cache
    override_during = plan
    values          = { port = 6379 }
  }

  expect_failures = [check.tls_has_its_port]
}

run "what_is_refused" {
  command = plan

  variables {
    name                = "License_Redis"
    tier                = "STANDARD"
    memory_size_gb      = 0
    redis_version       = "REDIS_6_X"
    encryption_key_name = ""
    maintenance_window  = { day = "SUNDAY", hour = 24 }
  }

  expect_failures = [
    var.name, var.tier, var.memory_size_gb, var.redis_version, var.encryption_key_name,
    var.maintenance_window,
  ]
}
