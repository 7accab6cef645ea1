resource "google_sql_database_instance" "db" {
  name             = "db"
  database_version = "POSTGRES_16"

  settings {
    tier    = "db-custom-2-7680"
    edition = "ENTERPRISE"

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 30
    }
  }
}
