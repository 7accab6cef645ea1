# The ledger: one PostgreSQL, highly available, reached over a private address and TLS alone.

locals {
  port = 5432
}

resource "google_sql_database_instance" "postgres" {
  project             = var.project_id
  region              = var.region
  name                = var.name
  database_version    = var.database_version
  encryption_key_name = var.encryption_key_name

  # Twice, because they stop different hands: this one a plan, the one in settings everybody
  # else, in the console and gcloud too.
  deletion_protection = var.deletion_protection

  settings {
    edition                     = var.edition
    tier                        = var.tier
    availability_type           = var.availability_type
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = true
    disk_type                   = "PD_SSD"
    disk_size                   = var.disk_size_gb
    disk_autoresize             = true
    disk_autoresize_limit       = var.disk_autoresize_limit_gb
    connector_enforcement       = "NOT_REQUIRED"
    user_labels                 = var.labels

    ip_configuration {
      ipv4_enabled       = false
      private_network    = var.network_id
      allocated_ip_range = var.allocated_ip_range
      ssl_mode           = "ENCRYPTED_ONLY"
      server_ca_mode     = var.server_ca_mode
    }

    backup_configuration {
      enabled                        = true
      location                       = var.backup_location
      start_time                     = var.backup_start_time
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.transaction_log_retention_days

      backup_retention_settings {
        retained_backups = var.retained_backups
        retention_unit   = "COUNT"
      }
    }

    maintenance_window {
      day          = var.maintenance_window.day
      hour         = var.maintenance_window.hour
      update_track = var.maintenance_window.update_track
    }

    insights_config {
      query_insights_enabled  = true
      query_plans_per_minute  = 5
      query_string_length     = 1024
      record_application_tags = true
      record_client_address   = false
    }

    # What is told of statements: who connected, who changed tables and rights, and what was slow
    # in Query Insights. Never a value: literals and parameters hold names and e-mail addresses.
    # Written out, so that a scanner of the text sees them too.
    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }

    database_flags {
      name  = "pgaudit.log"
      value = "ddl,role"
    }

    database_flags {
      name  = "log_connections"
      value = "on"
    }

    database_flags {
      name  = "log_disconnections"
      value = "on"
    }

    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }

    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }

    database_flags {
      name  = "log_temp_files"
      value = "0"
    }

    database_flags {
      name  = "log_statement"
      value = "ddl"
    }

    database_flags {
      name  = "log_min_duration_statement"
      value = tostring(var.slow_statement_milliseconds)
    }

    # The text of a statement that failed is left out of the log: the error is there, its literals not.
    database_flags {
      name  = "log_min_error_statement"
      value = "panic"
    }

    database_flags {
      name  = "log_parameter_max_length"
      value = "0"
    }

    database_flags {
      name  = "log_parameter_max_length_on_error"
      value = "0"
    }

    database_flags {
      name  = "log_error_verbosity"
      value = "terse"
    }

    database_flags {
      name  = "max_connections"
      value = tostring(var.max_connections)
    }

    dynamic "database_flags" {
      for_each = var.more_database_flags

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }

  lifecycle {
    prevent_destroy = true

    # Cloud SQL grows the disk by itself; a plan must not try to shrink it back.
    ignore_changes = [settings[0].disk_size]
  }
}

resource "google_sql_database" "this" {
  for_each = var.databases

  project         = var.project_id
  instance        = google_sql_database_instance.postgres.name
  name            = each.value
  charset         = "UTF8"
  collation       = "en_US.UTF8"
  deletion_policy = "ABANDON"
}

# The owner migrates. Its password goes to Cloud SQL and into no state and no plan. The servers'
# logins are made by logins.sql: what the API makes may create roles, which a server must not.
resource "google_sql_user" "owner" {
  project             = var.project_id
  instance            = google_sql_database_instance.postgres.name
  name                = var.owner_login
  type                = "BUILT_IN"
  password_wo         = var.owner_password
  password_wo_version = var.owner_password_version
  deletion_policy     = "ABANDON"
}
