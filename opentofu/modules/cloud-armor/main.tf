# Attached by BackendConfig.spec.securityPolicy of each Service: GKE makes the backend services, and a
# backend service made here would carry none of their traffic.
resource "google_compute_security_policy" "license_api" {
  project     = var.project_id
  name        = var.policy_name
  description = "What may reach the license server, in the order in which it is asked"
  type        = "CLOUD_ARMOR"

  advanced_options_config {
    json_parsing                 = var.json_parsing
    log_level                    = var.log_level
    request_body_inspection_size = var.request_body_inspection_size
  }

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable          = var.adaptive_protection.enabled
      rule_visibility = var.adaptive_protection.rule_visibility

      dynamic "threshold_configs" {
        for_each = var.adaptive_protection.auto_deploy == null ? [] : [var.adaptive_protection.auto_deploy]

        content {
          name                                    = "auto-deploy"
          auto_deploy_load_threshold              = threshold_configs.value.load_threshold
          auto_deploy_confidence_threshold        = threshold_configs.value.confidence_threshold
          auto_deploy_impacted_baseline_threshold = threshold_configs.value.impacted_baseline_threshold
          auto_deploy_expiration_sec              = threshold_configs.value.expiration_seconds
        }
      }
    }
  }

  dynamic "rule" {
    for_each = local.rules

    content {
      priority    = rule.value.priority
      action      = rule.value.action
      preview     = rule.value.preview
      description = rule.value.description

      match {
        versioned_expr = rule.value.expression == null ? "SRC_IPS_V1" : null

        dynamic "config" {
          for_each = rule.value.expression == null ? [rule.value.src_ip_ranges] : []

          content {
            src_ip_ranges = config.value
          }
        }

        dynamic "expr" {
          for_each = rule.value.expression == null ? [] : [rule.value.expression]

          content {
            expression = expr.value
          }
        }
      }

      dynamic "rate_limit_options" {
        for_each = rule.value.throttle == null ? [] : [rule.value.throttle]

        content {
          conform_action = "allow"
          exceed_action  = "deny(429)"
          enforce_on_key = "IP"

          rate_limit_threshold {
            count        = rate_limit_options.value.count
            interval_sec = rate_limit_options.value.interval_seconds
          }
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local.rules) == length(distinct([for rule in local.rules : rule.priority]))
      error_message = "Two rules have one priority: choose another for a temporary block or throttle."
    }

    precondition {
      condition     = length(setsubtract(keys(var.preview), local.previewable)) == 0
      error_message = "preview names rules that this policy has not: ${join(", ", setsubtract(keys(var.preview), local.previewable))}."
    }

    precondition {
      condition     = var.enterprise || (length(var.threat_intelligence_feeds) == 0 && var.adaptive_protection.auto_deploy == null)
      error_message = "threat_intelligence_feeds and adaptive_protection.auto_deploy need Cloud Armor Enterprise: set enterprise when the project is enrolled."
    }

    precondition {
      condition     = var.max_body_bytes <= local.inspected_bytes
      error_message = "max_body_bytes is past what is inspected of a body: padding in front would pass every signature."
    }

    precondition {
      condition     = var.default_action == "allow" || !local.preview["general-throttle"]
      error_message = "default_action deny(403) with the general throttle in preview would refuse every request: enforce general-throttle first."
    }
  }
}

# Attached by FrontendConfig.spec.sslPolicy. Without one a load balancer speaks TLS 1.0.
resource "google_compute_ssl_policy" "license" {
  project         = var.project_id
  name            = var.ssl_policy_name
  description     = "The TLS versions and ciphers that the license hosts speak"
  profile         = "RESTRICTED"
  min_tls_version = var.min_tls_version
}
