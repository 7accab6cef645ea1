resource "google_service_account_key" "api" {
  service_account_id = "projects/p/serviceAccounts/django-backend@p.iam.gserviceaccount.com"
}
