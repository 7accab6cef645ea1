# Production. No secret is here: passwords and keys are in Secret Manager or given at an apply.
environment    = "production"
project_id     = "coditect-citus-prod"
kms_project_id = "coditect-cloud-infra"
region         = "us-central1"
license_host   = "licenses.coditect.ai"
staff_host     = "admin.coditect.ai"
namespace      = "coditect-license"

network = {
  own_address = true
}

cluster = {
  # The control plane is reached from inside the VPC; name the networks of deployment here to open it.
  private_endpoint    = true
  authorized_networks = {}
  machine_type        = "e2-standard-4"
  nodes_per_zone      = { least = 1, most = 4 }
}

database = {
  tier              = "db-custom-2-7680"
  availability_type = "REGIONAL"
  disk_size_gb      = 50
  retained_backups  = 30
  max_connections   = 400
}

redis = {
  tier           = "STANDARD_HA"
  memory_size_gb = 6
}

signing = {
  protection_level = "HSM"
}

edge = {
  # In preview, as every rule at first: what it would have refused is in the log of the balancer.
  allowed_countries  = ["US", "CA", "GB", "DE", "FR", "NL", "SE", "DK", "NO", "FI"]
  preview_by_default = true
  seats_per_address  = 500
}

dns = {
  domain           = "coditect.ai"
  zone_name        = "coditect-ai"
  create_zone      = false
  incident_contact = "mailto:security@coditect.ai"
}

identity_platform = {
  authorized_domains = ["licenses.coditect.ai", "admin.coditect.ai"]
}

iap = {
  host    = "admin.coditect.ai"
  members = ["group:license-staff@coditect.ai"]
}

operators = "group:license-operators@coditect.ai"

logs = {
  retention_days          = 400
  lock_retention          = true
  evidence_bucket_name    = "coditect-license-evidence"
  evidence_retention_days = 400
}

alerts = {
  notified_emails = ["license-oncall@coditect.ai"]
  page            = true
}
