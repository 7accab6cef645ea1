# What an incident leaves behind: logs, snapshots' names, hashes. Written once, kept, never changed.

resource "google_storage_bucket" "evidence" {
  project                     = var.project_id
  name                        = var.evidence_bucket_name
  location                    = upper(var.location)
  storage_class               = "STANDARD"
  force_destroy               = false
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = var.labels

  # Not versioned: a bucket with a retention policy refuses to overwrite or delete anyway.
  retention_policy {
    is_locked        = var.lock_retention
    retention_period = tostring(var.evidence_retention_days * 86400)
  }

  encryption {
    default_kms_key_name = var.encryption_key_name
  }

  lifecycle {
    prevent_destroy = true
  }
}

# Those who collect may add, and neither read back nor delete.
resource "google_storage_bucket_iam_member" "collector" {
  for_each = var.evidence_collectors

  bucket = google_storage_bucket.evidence.name
  role   = "roles/storage.objectCreator"
  member = each.value
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.evidence_readers

  bucket = google_storage_bucket.evidence.name
  role   = "roles/storage.objectViewer"
  member = each.value
}
