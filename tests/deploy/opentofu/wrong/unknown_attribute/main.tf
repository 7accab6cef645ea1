# The attribute existed until version 6 of the provider.
resource "google_sql_database_instance" "db" {
  name             = "db"
  database_version = "POSTGRES_16"

  settings {
    tier    = "db-custom-2-7680"
    edition = "ENTERPRISE"

    ip_configuration {
      ipv4_enabled = false
      require_ssl  = true
    }
  }
}
