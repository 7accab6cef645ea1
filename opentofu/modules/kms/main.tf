# The root key that signs licenses, and the keys that encrypt what the cluster's project stores.

resource "google_kms_key_ring" "license_keys" {
  project  = var.kms_project_id
  location = var.location
  name     = var.key_ring_name
}

# No rotation_period: Cloud KMS refuses it on an asymmetric key. One root follows another by
# `manage.py rotate_signing_key`, which makes the versions, the stand-by among them. They are
# no resources here: a plan that owned them could destroy the one that signs.
resource "google_kms_crypto_key" "license_signing_key" {
  key_ring                   = google_kms_key_ring.license_keys.id
  name                       = var.signing_key_name
  purpose                    = "ASYMMETRIC_SIGN"
  destroy_scheduled_duration = "${var.destroy_scheduled_days * 86400}s"
  deletion_policy            = "PREVENT"
  labels                     = var.labels

  version_template {
    algorithm        = "RSA_SIGN_PKCS1_4096_SHA256"
    protection_level = var.signing_protection_level
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "signer" {
  for_each = var.signers

  crypto_key_id = google_kms_crypto_key.license_signing_key.id
  role          = "roles/cloudkms.signerVerifier"
  member        = each.value
}

resource "google_kms_crypto_key_iam_member" "verifier" {
  for_each = var.verifiers

  crypto_key_id = google_kms_crypto_key.license_signing_key.id
  role          = "roles/cloudkms.publicKeyViewer"
  member        = each.value
}

# Whoever runs rotate_signing_key makes versions (admin) and has each prove itself (signerVerifier).
resource "google_kms_crypto_key_iam_member" "rotator" {
  for_each = {
    for pair in setproduct(var.rotators, ["roles/cloudkms.admin", "roles/cloudkms.signerVerifier"]) :
    "${pair[0]} ${pair[1]}" => { member = pair[0], role = pair[1] }
  }

  crypto_key_id = google_kms_crypto_key.license_signing_key.id
  role          = each.value.role
  member        = each.value.member
}

data "google_kms_crypto_key_versions" "signing" {
  count = var.expect_standby ? 1 : 0

  crypto_key = google_kms_crypto_key.license_signing_key.id
  filter     = "state=ENABLED"
}

check "a_standby_is_there" {
  assert {
    condition = !var.expect_standby || try(
      length(data.google_kms_crypto_key_versions.signing[0].versions) >= 2, false
    )
    error_message = "The signing key has no stand-by version: run `manage.py rotate_signing_key --until publish` (docs/how-to/rotate-the-signing-key.md)."
  }
}
