# What is kept of what happened, and who is told.
module "logging" {
  source = "../../modules/logging"

  project_id              = local.project_id
  kms_project_id          = local.kms_project_id
  location                = var.region
  namespaces              = [var.namespace]
  encryption_key_name     = module.kms.cmek_key_ids["logs"]
  retention_days          = var.logs.retention_days
  lock_retention          = var.logs.lock_retention
  evidence_bucket_name    = var.logs.evidence_bucket_name
  evidence_retention_days = var.logs.evidence_retention_days
  evidence_collectors     = [module.identity.members["evidence"]]
  evidence_readers        = [var.operators]
  labels                  = local.labels
}

module "monitoring" {
  source = "../../modules/monitoring"

  project_id                    = local.project_id
  kms_project_id                = local.kms_project_id
  license_host                  = var.license_host
  notified_emails               = var.alerts.notified_emails
  page                          = var.alerts.page
  pagerduty_service_key         = var.pagerduty_service_key
  pagerduty_service_key_version = var.pagerduty_service_key_version
  runbooks_url                  = var.alerts.runbooks_url
  secret_readers                = module.secrets.reader_emails
  signers                       = [module.identity.emails["api"], module.identity.emails["console"]]
  security_policy_name          = module.cloud_armor.policy_name
  labels                        = local.labels
}
