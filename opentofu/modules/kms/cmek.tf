# Keys that encrypt data at rest (CMEK), one for each service, so that one can be disabled alone.

resource "google_kms_key_ring" "cmek" {
  project  = var.project_id
  location = var.location
  name     = var.cmek_key_ring_name
}

resource "google_kms_crypto_key" "cmek" {
  for_each = local.cmek_agents

  key_ring                   = google_kms_key_ring.cmek.id
  name                       = each.key
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "7776000s" # 90 days
  destroy_scheduled_duration = "${var.destroy_scheduled_days * 86400}s"
  deletion_policy            = "PREVENT"
  labels                     = var.labels

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = var.cmek_protection_level
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Cloud Logging and Cloud Storage say themselves which account uses a key for them.
data "google_logging_project_cmek_settings" "cluster" {
  project = var.project_id
}

data "google_storage_project_service_account" "cluster" {
  project = var.project_id
}

locals {
  cmek_agents = {
    cloudsql = { sql = "service-${var.project_number}@gcp-sa-cloud-sql.iam.gserviceaccount.com" }
    redis    = { redis = "service-${var.project_number}@cloud-redis.iam.gserviceaccount.com" }
    secrets  = { secrets = "service-${var.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com" }
    registry = { registry = "service-${var.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com" }
    logs = {
      logging = data.google_logging_project_cmek_settings.cluster.service_account_id
      storage = data.google_storage_project_service_account.cluster.email_address
    }
    gke = {
      cluster = "service-${var.project_number}@container-engine-robot.iam.gserviceaccount.com"
      disks   = "service-${var.project_number}@compute-system.iam.gserviceaccount.com"
    }
  }

  cmek_grants = merge([
    for key, agents in local.cmek_agents : {
      for agent, email in agents : "${key}/${agent}" => { key = key, email = email }
    }
  ]...)
}

# Service agents alone, each on the key of its service: no person and no server of ours can decrypt.
resource "google_kms_crypto_key_iam_member" "cmek" {
  for_each = local.cmek_grants

  crypto_key_id = google_kms_crypto_key.cmek[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = "serviceAccount:${each.value.email}"
}
