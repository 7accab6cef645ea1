resource "google_kms_crypto_key" "cmek" {
  name     = "cloudsql"
  key_ring = "projects/p/locations/us-central1/keyRings/r"
  purpose  = "ENCRYPT_DECRYPT"

  destroy_scheduled_duration = "2592000s"
  deletion_policy            = "PREVENT"
}
