output "policy_name" {
  description = "What BackendConfig.spec.securityPolicy.name says."
  value       = google_compute_security_policy.license_api.name
}

output "policy_id" {
  description = "The policy's id in the project."
  value       = google_compute_security_policy.license_api.id
}

output "ssl_policy_name" {
  description = "What FrontendConfig.spec.sslPolicy says."
  value       = google_compute_ssl_policy.license.name
}

output "rule_priorities" {
  description = "The priority of each rule by its name; the incident's is what gcloud is told."
  value       = { for rule in local.rules : rule.name => rule.priority }
}

output "previewed_rules" {
  description = "Rules that are logged and not enforced: to be looked at and promoted."
  value       = sort([for rule in local.rules : rule.name if rule.preview])
}

output "calls_per_minute_per_address" {
  description = "What the general throttle lets through from one address in a minute."
  value       = local.calls_per_minute
}

output "max_body_bytes" {
  description = "The longest body; the server's own limit is the same."
  value       = var.max_body_bytes
}
