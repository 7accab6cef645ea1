resource "google_project_iam_binding" "logs" {
  project = "p"
  role    = "roles/logging.logWriter"
  members = ["serviceAccount:license-nodes@p.iam.gserviceaccount.com"]
}
