resource "google_project_iam_member" "signer" {
  project = "coditect-cloud-infra"
  role    = "roles/cloudkms.signerVerifier"
  member  = "serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"
}

resource "google_kms_key_ring_iam_member" "signer" {
  key_ring_id = "projects/p/locations/us-central1/keyRings/r"
  role        = "roles/cloudkms.signerVerifier"
  member      = "serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"
}
