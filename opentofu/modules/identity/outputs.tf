# Written out rather than taken from the accounts, so that a first plan knows them; they wait for
# the accounts all the same.
output "emails" {
  description = "E-mail address of each account, by workload."
  value       = { for workload, account in var.accounts : workload => "${account.account_id}@${var.project_id}.iam.gserviceaccount.com" }

  depends_on = [google_service_account.this]
}

output "members" {
  description = "Each account as a member of a policy, by workload."
  value       = { for workload, account in var.accounts : workload => "serviceAccount:${account.account_id}@${var.project_id}.iam.gserviceaccount.com" }

  depends_on = [google_service_account.this]
}

output "kubernetes_accounts" {
  description = "Namespace and name of the Kubernetes account that may be each account, by workload."
  value       = { for workload, account in var.accounts : workload => "${var.namespace}/${account.ksa}" if account.ksa != null }
}

output "identity_platform_tenants" {
  description = "Name of each tenant of Identity Platform, as the tokens carry it (firebase.tenant)."
  value       = { for tenant, made in google_identity_platform_tenant.this : tenant => made.name }
}
