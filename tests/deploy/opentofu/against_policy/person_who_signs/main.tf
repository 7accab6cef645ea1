resource "google_kms_crypto_key_iam_member" "signer" {
  crypto_key_id = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
  role          = "roles/cloudkms.signerVerifier"
  member        = "user:somebody@coditect.ai"
}
