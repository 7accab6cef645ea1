# What is watched and who is told, and what the module refuses. What the filters find is tried with
# log entries by tests/deploy/log_filters.

variables {
  project_id      = "coditect-citus-prod"
  kms_project_id  = "coditect-cloud-infra"
  license_host    = "licenses.coditect.ai"
  notified_emails = ["security@coditect.ai"]
  signers         = ["django-backend@coditect-citus-prod.iam.gserviceaccount.com"]
  secret_readers = {
    license-django-secret-key = ["django-backend@coditect-citus-prod.iam.gserviceaccount.com", "license-console@coditect-citus-prod.iam.gserviceaccount.com"]
    license-pagerduty-key     = []
  }
}

run "what_is_watched" {
  variables {
    page                  = true
    pagerduty_service_key = "not-a-key"
  }

  assert {
    condition = { for name, policy in google_monitoring_alert_policy.watched : name => "${policy.project} ${policy.severity}" } == {
      license-iam-changes        = "coditect-citus-prod WARNING"
      license-iam-changes-of-kms = "coditect-cloud-infra WARNING"
      license-secret-access      = "coditect-citus-prod CRITICAL"
      license-key-changes        = "coditect-cloud-infra CRITICAL"
      license-cmek-changes       = "coditect-citus-prod CRITICAL"
      license-foreign-signatures = "coditect-cloud-infra CRITICAL"
    }
    error_message = "something is watched nowhere, or in the wrong project"
  }

  assert {
    condition = alltrue([
      for name, policy in google_monitoring_alert_policy.watched :
      policy.conditions[0].condition_matched_log[0].filter == google_logging_metric.watched[name].filter
      && policy.project == google_logging_metric.watched[name].project
      && google_logging_metric.watched[name].metric_descriptor[0].metric_kind == "DELTA"
    ])
    error_message = "what is counted is not what is told"
  }

  assert {
    condition     = alltrue([for policy in concat(values(google_monitoring_alert_policy.watched), [google_monitoring_alert_policy.armor_denials, google_monitoring_alert_policy.health, google_monitoring_alert_policy.dead_man]) : length(policy.notification_channels) == 2 && strcontains(policy.documentation[0].content, "Runbook: docs/runbooks/")])
    error_message = "an alert reaches nobody, or says nothing to do"
  }

  assert {
    condition     = keys(google_monitoring_notification_channel.email) == ["coditect-citus-prod security@coditect.ai", "coditect-cloud-infra security@coditect.ai"] && keys(google_monitoring_notification_channel.pager) == ["coditect-citus-prod", "coditect-cloud-infra"]
    error_message = "a project cannot tell anybody"
  }

  assert {
    condition     = google_monitoring_alert_policy.armor_denials.conditions[0].condition_threshold[0].filter == "metric.type=\"logging.googleapis.com/user/license-armor-denials\" AND resource.type=\"l7_lb_rule\"" && google_monitoring_alert_policy.armor_denials.conditions[0].condition_threshold[0].threshold_value == 2
    error_message = "refusals at the edge are not counted"
  }

  assert {
    condition = (
      google_monitoring_uptime_check_config.health.http_check[0].path == "/health"
      && google_monitoring_uptime_check_config.health.http_check[0].use_ssl
      && google_monitoring_uptime_check_config.health.http_check[0].validate_ssl
      && google_monitoring_uptime_check_config.health.monitored_resource[0].labels["host"] == "licenses.coditect.ai"
      && google_monitoring_uptime_check_config.health.period == "60s"
    )
    error_message = "nobody asks /health from outside"
  }

  assert {
    condition     = google_monitoring_alert_policy.health.conditions[0].condition_threshold[0].aggregations[0].cross_series_reducer == "REDUCE_COUNT_FALSE" && strcontains(google_monitoring_alert_policy.health.conditions[0].condition_threshold[0].filter, google_monitoring_uptime_check_config.health.uptime_check_id)
    error_message = "nobody is told when /health does not answer"
  }

  assert {
    condition     = google_monitoring_alert_policy.dead_man.conditions[0].condition_absent[0].duration == "300s" && strcontains(google_monitoring_alert_policy.dead_man.conditions[0].condition_absent[0].filter, "resource.labels.job=\"license-api\"")
    error_message = "nobody is told when Prometheus is blind"
  }
}

run "one_project" {
  command = plan

  variables {
    kms_project_id = "coditect-citus-prod"
  }

  assert {
    condition     = keys(google_monitoring_alert_policy.watched) == ["license-foreign-signatures", "license-iam-changes", "license-key-changes", "license-secret-access"]
    error_message = "the same thing would be told twice"
  }

  assert {
    condition     = length(google_monitoring_notification_channel.email) == 1 && length(google_monitoring_notification_channel.pager) == 0
    error_message = "somebody is told twice, or paged without being asked for"
  }
}

run "what_is_refused" {
  command = plan

  variables {
    license_host       = "https://licenses.coditect.ai"
    notified_emails    = []
    secret_readers     = {}
    signers            = ["serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"]
    denials_per_minute = 0
    uptime_regions     = ["USA", "EUROPE"]
    runbooks_url       = "docs/runbooks/"
  }

  expect_failures = [
    var.license_host, var.notified_emails, var.secret_readers, var.signers,
    var.denials_per_minute, var.uptime_regions, var.runbooks_url,
  ]
}

run "a_reader_is_an_address" {
  command = plan

  variables {
    secret_readers = { license-audit-key = ["serviceAccount:license-worker@coditect-citus-prod.iam.gserviceaccount.com"] }
  }

  expect_failures = [var.secret_readers]
}
