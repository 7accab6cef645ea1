resource "google_sql_database_instance" "db" {
  name                = "db"
  database_version    = "POSTGRES_16"
  encryption_key_name = "k"
  deletion_protection = true

  settings {
    tier                        = "db-custom-2-7680"
    edition                     = "ENTERPRISE"
    deletion_protection_enabled = true

    ip_configuration {
      ipv4_enabled = true
      ssl_mode     = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }

    database_flags {
      name  = "log_parameter_max_length"
      value = "0"
    }
  }
}
