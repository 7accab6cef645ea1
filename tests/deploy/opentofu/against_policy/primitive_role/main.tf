resource "google_project_iam_member" "deploy" {
  project = "p"
  role    = "roles/editor"
  member  = "serviceAccount:deploy@p.iam.gserviceaccount.com"
}
