resource "google_sql_database_instance" "db" {
  name             = "db"
  database_version = "POSTGRES_16"

  settings {
    tier    = "db-custom-2-7680"
    edition = "ENTERPRISE"

    disk_encryption_configuration {
      kms_key_name = "key"
    }
  }
}
