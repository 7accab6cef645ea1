# One account for each workload: what one of them may do, none of the others may.
resource "google_service_account" "this" {
  for_each = var.accounts

  project      = var.project_id
  account_id   = each.value.account_id
  display_name = "License platform: ${each.key}"
  description  = each.value.purpose
}

# A pod is its account by the name of its Kubernetes account in the one namespace. There are no keys
# to be stolen: none of these accounts has one.
resource "google_service_account_iam_binding" "workload_identity" {
  for_each = { for workload, account in var.accounts : workload => account.ksa if account.ksa != null }

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  members            = ["serviceAccount:${var.workload_pool}[${var.namespace}/${each.value}]"]
}

# What the incident tool does by itself: it looks, begins a backup and reads logs. It cannot block,
# restore, change a policy or read a secret; those are a person's deeds.
locals {
  look_around = ["resourcemanager.projects.get", "resourcemanager.projects.getIamPolicy"]
  read_logs   = ["logging.logEntries.list", "logging.privateLogEntries.list", "logging.views.access"]

  at_the_cluster = [
    "cloudsql.backupRuns.create",
    "cloudsql.backupRuns.get",
    "cloudsql.backupRuns.list",
    "cloudsql.instances.get",
    "compute.securityPolicies.get",
    "compute.securityPolicies.list",
    "container.clusters.get",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.list",
    "secretmanager.secrets.list",
  ]
  at_the_key = [
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.list",
  ]

  evidence_permissions = {
    for project in distinct([var.project_id, var.kms_project_id]) : project => concat(
      local.look_around,
      local.read_logs,
      project == var.project_id ? local.at_the_cluster : [],
      project == var.kms_project_id ? local.at_the_key : [],
    )
  }
}

resource "google_project_iam_custom_role" "evidence" {
  for_each = local.evidence_permissions

  project     = each.key
  role_id     = "licenseEvidence"
  title       = "License platform: evidence"
  description = "Observe, begin a backup, read logs"
  permissions = each.value
}

resource "google_project_iam_member" "evidence" {
  for_each = google_project_iam_custom_role.evidence

  project = each.key
  role    = "projects/${each.key}/roles/licenseEvidence"
  member  = google_service_account.this["evidence"].member

  depends_on = [google_project_iam_custom_role.evidence]
}

# What ends blocks whose time is over: it changes rules of policies, and nothing else.
resource "google_project_iam_custom_role" "expiry" {
  project     = var.project_id
  role_id     = "licenseIncidentExpiry"
  title       = "License platform: end of blocks"
  description = "Take back rules at the edge whose time is over"
  permissions = [
    "compute.globalOperations.get",
    "compute.securityPolicies.get",
    "compute.securityPolicies.list",
    "compute.securityPolicies.update",
  ]
}

resource "google_project_iam_member" "expiry" {
  project = var.project_id
  role    = "projects/${var.project_id}/roles/licenseIncidentExpiry"
  member  = google_service_account.this["expiry"].member

  depends_on = [google_project_iam_custom_role.expiry]
}
