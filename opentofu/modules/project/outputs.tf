output "project_id" {
  description = "The same project, once its services are on and their accounts are there: whoever takes it from here waits for both."
  value       = var.project_id

  depends_on = [google_project_service.this, google_project_service_identity.this]
}

output "services" {
  description = "The interfaces that are on."
  value       = [for service in google_project_service.this : service.service]
}

output "audited_services" {
  description = "The interfaces whose data access is logged."
  value       = [for config in google_project_iam_audit_config.this : config.service]
}

output "service_agents" {
  description = "The interfaces whose accounts are there."
  value       = keys(google_project_service_identity.this)
}
