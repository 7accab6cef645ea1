# What is seen from outside: refusals at the edge, and whether the service answers.

resource "google_logging_metric" "armor_denials" {
  project     = var.project_id
  name        = "license-armor-denials"
  description = "Requests that Cloud Armor refused"
  filter      = local.armor_denials

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key         = "rule"
      value_type  = "STRING"
      description = "Priority of the rule that refused"
    }
  }

  label_extractors = {
    rule = "EXTRACT(jsonPayload.enforcedSecurityPolicy.priority)"
  }
}

resource "google_monitoring_alert_policy" "armor_denials" {
  project               = var.project_id
  display_name          = "license-armor-denials: many requests are refused at the edge"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels[var.project_id]
  user_labels           = var.labels

  conditions {
    display_name = "more than ${var.denials_per_minute} refusals a minute for five minutes"

    # Entries of http_load_balancer are l7_lb_rule in Cloud Monitoring.
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.armor_denials.name}\" AND resource.type=\"l7_lb_rule\""
      comparison      = "COMPARISON_GT"
      threshold_value = var.denials_per_minute / 60
      duration        = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.rule"]
      }
    }
  }

  alert_strategy {
    auto_close = "3600s"
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "Cloud Armor refuses many requests"
    content   = "An attack, or a rule that refuses customers: look at the rule's priority first.\n\nRunbook: ${var.runbooks_url}/potential-ddos-attack.md"
  }
}

# From Google's checkers on several continents, through DNS, certificate, Cloud Armor and balancer.
resource "google_monitoring_uptime_check_config" "health" {
  project            = var.project_id
  display_name       = "license-health"
  period             = "60s"
  timeout            = "10s"
  selected_regions   = var.uptime_regions
  checker_type       = "STATIC_IP_CHECKERS"
  log_check_failures = true
  user_labels        = var.labels

  http_check {
    path           = "/health"
    port           = 443
    use_ssl        = true
    validate_ssl   = true
    request_method = "GET"

    accepted_response_status_codes {
      status_value = 200
    }
  }

  content_matchers {
    content = "\"ok\""
    matcher = "MATCHES_JSON_PATH"

    json_path_matcher {
      json_path    = "$.status"
      json_matcher = "EXACT_MATCH"
    }
  }

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = var.license_host }
  }
}

resource "google_monitoring_alert_policy" "health" {
  project               = var.project_id
  display_name          = "license-health: ${var.license_host} does not answer from outside"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels[var.project_id]
  user_labels           = var.labels

  conditions {
    display_name = "two regions or more cannot reach /health for two minutes"

    condition_threshold {
      filter          = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.health.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "${var.license_host} does not answer"
    content   = "Seen from several regions, so it is not a checker's own network. Certificate, DNS, Cloud Armor, balancer, servers.\n\nRunbook: ${var.runbooks_url}/license-server-down.md"
  }
}

# The watcher outside the cluster that DeadMansSwitch asks for: when no server's metrics reach
# Managed Prometheus, collection or the cluster is gone, and with it every alert of Prometheus.
resource "google_monitoring_alert_policy" "dead_man" {
  project               = var.project_id
  display_name          = "license-dead-man: no metrics arrive from the servers"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels[var.project_id]
  user_labels           = var.labels

  conditions {
    display_name = "no server was scraped for five minutes"

    condition_absent {
      filter   = "metric.type=\"prometheus.googleapis.com/up/gauge\" AND resource.type=\"prometheus_target\" AND resource.labels.job=\"license-api\""
      duration = "300s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_MEAN"
        cross_series_reducer = "REDUCE_COUNT"
      }

      trigger {
        count = 1
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = "No metrics arrive"
    content   = "Prometheus' alerts are blind until this is mended.\n\nRunbook: ${var.runbooks_url}/dead-mans-switch.md"
  }
}
