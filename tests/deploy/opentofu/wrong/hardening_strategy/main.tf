# The data layer of the hardening strategy, word for word, indented as fmt does.
resource "google_sql_database_instance" "postgres" {
  name             = "coditect-license-db"
  database_version = "POSTGRES_16"
  region           = "us-central1"

  settings {
    tier              = "db-custom-2-7680"
    availability_type = "REGIONAL" # High availability

    # Encryption at rest (CMEK)
    disk_encryption_configuration {
      kms_key_name = google_kms_crypto_key.cloudsql_key.id
    }

    # Private IP only (no public access)
    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.vpc.id

      # SSL enforcement
      require_ssl = true
    }

    # Backup configuration
    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true

      backup_retention_settings {
        retained_backups = 30
      }
    }

    # Audit logging
    database_flags {
      name  = "log_connections"
      value = "on"
    }
    database_flags {
      name  = "log_disconnections"
      value = "on"
    }
    database_flags {
      name  = "log_statement"
      value = "all"
    }
  }
}

# Redis with TLS and AUTH
resource "google_redis_instance" "cache" {
  name               = "coditect-license-redis"
  tier               = "BASIC"
  memory_size_gb     = 6
  region             = "us-central1"
  authorized_network = google_compute_network.vpc.id

  # TLS encryption in transit
  transit_encryption_mode = "SERVER_AUTHENTICATION"

  # AUTH enabled
  auth_enabled = true

  # Persistence for atomicity
  redis_configs = {
    "maxmemory-policy"       = "allkeys-lru"
    "notify-keyspace-events" = "Ex" # Expiration events
  }

  persistence_config {
    persistence_mode    = "RDB"
    rdb_snapshot_period = "ONE_HOUR"
  }
}

# Cloud KMS for license signing
resource "google_kms_key_ring" "license_keys" {
  name     = "coditect-license-keys"
  location = "us-central1"
}

resource "google_kms_crypto_key" "license_signing_key" {
  name     = "license-signing-key-v1"
  key_ring = google_kms_key_ring.license_keys.id
  purpose  = "ASYMMETRIC_SIGN"

  version_template {
    algorithm = "RSA_SIGN_PKCS1_4096_SHA512"
  }

  # Key rotation every 90 days
  rotation_period = "7776000s" # 90 days
}
