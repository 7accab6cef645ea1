# Nothing is switched off when this goes away: others may use the project.
resource "google_project_service" "this" {
  for_each = var.services

  project                    = var.project_id
  service                    = each.value
  disable_on_destroy         = false
  disable_dependent_services = false
}

# Google always logs what changes a service. Who read a secret, asked for a signature or took on
# an identity is logged only where this says so.
resource "google_project_iam_audit_config" "this" {
  for_each = var.audited_services

  project = var.project_id
  service = each.value

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])

    content {
      log_type = audit_log_config.value
    }
  }

  # A service that is off has no audit log to set.
  depends_on = [google_project_service.this]
}

# Google makes an interface's own account when it is first used. A key must be given to it before
# that: without this the first apply fails, and the second one does not.
resource "google_project_service_identity" "this" {
  provider = google-beta
  for_each = var.service_agents

  project = var.project_id
  service = each.value

  depends_on = [google_project_service.this]
}
