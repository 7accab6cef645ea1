# Staging: the same installation, smaller, in one project, and one that can be taken down again.
environment    = "staging"
project_id     = "coditect-citus-staging"
kms_project_id = "coditect-citus-staging"
region         = "us-central1"
license_host   = "licenses.staging.coditect.ai"
staff_host     = "admin.staging.coditect.ai"
namespace      = "coditect-license"

network = {
  own_address = true
}

cluster = {
  private_endpoint    = true
  authorized_networks = {}
  release_channel     = "RAPID" # what comes to production later is met here first
  machine_type        = "e2-standard-2"
  nodes_per_zone      = { least = 1, most = 2 }
}

database = {
  tier              = "db-custom-1-3840"
  availability_type = "ZONAL"
  disk_size_gb      = 20
  retained_backups  = 7
  max_connections   = 200
}

# Two nodes here too: what a failover does is tried where it hurts nobody.
redis = {
  tier           = "STANDARD_HA"
  memory_size_gb = 1
}

signing = {
  protection_level = "SOFTWARE"
}

edge = {
  allowed_countries  = []
  preview_by_default = false # enforced first here, with every match in the log
  seats_per_address  = 100
  log_level          = "VERBOSE"
}

dns = {
  domain           = "staging.coditect.ai"
  zone_name        = "staging-coditect-ai"
  create_zone      = true
  incident_contact = "mailto:security@coditect.ai"
}

identity_platform = {
  authorized_domains = ["licenses.staging.coditect.ai", "admin.staging.coditect.ai"]
}

iap = {
  host    = "admin.staging.coditect.ai"
  members = ["group:license-staff@coditect.ai"]
}

operators = "group:license-operators@coditect.ai"

logs = {
  retention_days          = 365
  lock_retention          = false
  evidence_bucket_name    = "coditect-license-staging-evidence"
  evidence_retention_days = 90
}

alerts = {
  notified_emails = ["license-oncall@coditect.ai"]
  page            = false
}
