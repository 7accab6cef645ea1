resource "google_kms_crypto_key" "signing" {
  name                       = "signing"
  key_ring                   = "projects/p/locations/us-central1/keyRings/r"
  purpose                    = "ASYMMETRIC_SIGN"
  destroy_scheduled_duration = "86400s"
  deletion_policy            = "PREVENT"

  version_template {
    algorithm = "RSA_SIGN_PKCS1_4096_SHA256"
  }
}
