output "signing_key_id" {
  description = "Resource name of the signing key, to be granted on or watched."
  value       = google_kms_crypto_key.license_signing_key.id
}

output "signing_algorithm" {
  description = "The one algorithm that servers and clients take."
  value       = google_kms_crypto_key.license_signing_key.version_template[0].algorithm
}

output "environment_config" {
  description = "What the ConfigMap environment-config says to the servers about the signing key; the version is the first one, afterwards the database says which."
  value = {
    CLOUD_KMS_PROJECT_ID  = var.kms_project_id
    CLOUD_KMS_LOCATION    = var.location
    CLOUD_KMS_KEYRING     = google_kms_key_ring.license_keys.name
    CLOUD_KMS_KEY         = google_kms_crypto_key.license_signing_key.name
    CLOUD_KMS_KEY_VERSION = "1"
  }
}

output "cmek_key_ids" {
  description = "Resource name of each encryption key, by service; known once the service's account may use it."
  value       = { for service, key in google_kms_crypto_key.cmek : service => key.id }

  depends_on = [google_kms_crypto_key_iam_member.cmek]
}

output "cmek_agents" {
  description = "Who may encrypt and decrypt with which key, by service."
  value       = local.cmek_agents
}
