variable "days" {
  type    = number
  default = 30
}

resource "google_storage_bucket" "logs" {
  name     = "logs"
  location = "us-central1"

  lifecycle {
    precondition {
      condition     = var.days >= 400
      error_message = "An audit log is kept for 400 days at least."
    }
  }
}
