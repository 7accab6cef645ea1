output "filters" {
  description = "What is watched, in the language of Cloud Logging, by alert."
  value = merge(
    { for name, alert in local.alerts : name => alert.filter },
    { license-armor-denials = local.armor_denials },
  )
}

output "runbooks" {
  description = "Pages that the alerts name, in docs/runbooks."
  value = toset(concat(
    [for alert in local.alerts : "${alert.runbook}.md"],
    ["potential-ddos-attack.md", "license-server-down.md", "dead-mans-switch.md"],
  ))
}

output "alert_policies" {
  description = "Resource names of the alerts."
  value = merge(
    { for name, policy in google_monitoring_alert_policy.watched : name => policy.id },
    {
      license-armor-denials = google_monitoring_alert_policy.armor_denials.id
      license-health        = google_monitoring_alert_policy.health.id
      license-dead-man      = google_monitoring_alert_policy.dead_man.id
    },
  )
}
