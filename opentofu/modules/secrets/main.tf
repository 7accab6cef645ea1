# Names and readers. A value is added by a person (docs/how-to/deploy-on-gke.md) and is in no state,
# no plan and no file of ours.
resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project             = var.project_id
  secret_id           = each.key
  labels              = var.labels
  annotations         = { purpose = each.value.purpose }
  deletion_protection = var.deletion_protection
  version_destroy_ttl = "${var.destroy_days * 86400}s"

  replication {
    user_managed {
      replicas {
        location = var.location

        customer_managed_encryption {
          kms_key_name = var.encryption_key_name
        }
      }
    }
  }
}

# A binding, not members: whoever was let in by hand is put out by the next apply.
resource "google_secret_manager_secret_iam_binding" "reader" {
  for_each = var.secrets

  project   = var.project_id
  secret_id = google_secret_manager_secret.this[each.key].secret_id
  role      = "roles/secretmanager.secretAccessor"
  members   = [for reader in each.value.readers : var.readers[reader]]
}
