# Alerts that Google's own logs and checkers give, beside those of Prometheus
# (kubernetes/monitoring): they see what a server cannot say of itself.

# Channels and policies are of one project each, so the key's project has channels of its own.
resource "google_monitoring_notification_channel" "email" {
  for_each = {
    for pair in setproduct(toset(values(local.project_ids)), var.notified_emails) : "${pair[0]} ${pair[1]}" => { project = pair[0], email = pair[1] }
  }

  project      = each.value.project
  display_name = "License platform: ${each.value.email}"
  type         = "email"
  labels       = { email_address = each.value.email }
}

resource "google_monitoring_notification_channel" "pager" {
  for_each = var.page ? toset(values(local.project_ids)) : toset([])

  project      = each.value
  display_name = "License platform: on call"
  type         = "pagerduty"

  sensitive_labels {
    service_key_wo         = var.pagerduty_service_key
    service_key_wo_version = var.pagerduty_service_key_version
  }
}

locals {
  channels = {
    for project in toset(values(local.project_ids)) : project => concat(
      [for channel in google_monitoring_notification_channel.email : channel.id if channel.project == project],
      [for channel in google_monitoring_notification_channel.pager : channel.id if channel.project == project],
    )
  }
}

# Counters, for graphs and for questions about last month.
resource "google_logging_metric" "watched" {
  for_each = local.alerts

  project     = local.project_ids[each.value.project]
  name        = each.key
  description = each.value.says
  filter      = each.value.filter

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key         = "who"
      value_type  = "STRING"
      description = "The account that did it"
    }

    labels {
      key         = "what"
      value_type  = "STRING"
      description = "The method that was called"
    }
  }

  label_extractors = {
    who  = "EXTRACT(protoPayload.authenticationInfo.principalEmail)"
    what = "EXTRACT(protoPayload.methodName)"
  }
}

# On the log entry itself and not on the counter: a threshold must name one resource type, and
# Cloud Monitoring knows none for some of these entries (iam_role, service_account, cloudkms_…).
resource "google_monitoring_alert_policy" "watched" {
  for_each = local.alerts

  project               = local.project_ids[each.value.project]
  display_name          = "${each.key}: ${each.value.says}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels[local.project_ids[each.value.project]]
  user_labels           = var.labels

  conditions {
    display_name = each.value.says

    condition_matched_log {
      filter = each.value.filter
      label_extractors = {
        who  = "EXTRACT(protoPayload.authenticationInfo.principalEmail)"
        what = "EXTRACT(protoPayload.methodName)"
        on   = "EXTRACT(protoPayload.resourceName)"
      }
    }
  }

  alert_strategy {
    auto_close = "604800s"

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = each.value.says
    content   = "$${log.extracted_label.who} called $${log.extracted_label.what} on $${log.extracted_label.on}.\n\nRunbook: ${var.runbooks_url}/${each.value.runbook}.md"
  }
}
