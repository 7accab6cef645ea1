variable "password" {
  type      = string
  ephemeral = true
  default   = "correct-horse-battery-staple"
}

resource "google_sql_user" "owner" {
  instance = "coditect-license-db"
  name     = "license_owner"
  password = var.password
}
