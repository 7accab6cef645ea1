output "project_id" {
  description = "The same project, once its services are on: whoever takes it from here waits for them."
  value       = var.project_id

  depends_on = [google_project_service.this]
}

output "services" {
  description = "The interfaces that are on."
  value       = [for service in google_project_service.this : service.service]
}

output "audited_services" {
  description = "The interfaces whose data access is logged."
  value       = [for config in google_project_iam_audit_config.this : config.service]
}
