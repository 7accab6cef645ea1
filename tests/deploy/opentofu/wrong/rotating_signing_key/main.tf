resource "google_kms_crypto_key" "signing" {
  name            = "license-signing-key-v1"
  key_ring        = "projects/p/locations/us-central1/keyRings/r"
  purpose         = "ASYMMETRIC_SIGN"
  rotation_period = "7776000s"

  version_template {
    algorithm = "RSA_SIGN_PKCS1_4096_SHA256"
  }
}
