resource "google_storage_bucket" "evidence" {
  name     = "evidence"
  location = "us-central1"
}

# All but what keeps the past.
resource "google_storage_bucket" "forgetful" {
  name                        = "forgetful"
  location                    = "us-central1"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  encryption {
    default_kms_key_name = "k"
  }
}
