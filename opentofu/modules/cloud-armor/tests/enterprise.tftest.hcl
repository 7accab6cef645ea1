# What a project enrolled in Cloud Armor Enterprise adds.
variables {
  project_id = "coditect-citus-prod"
}

run "enterprise_adds_feeds_and_suggested_rules" {
  command = plan

  variables {
    enterprise                = true
    threat_intelligence_feeds = ["iplist-known-malicious-ips", "iplist-tor-exit-nodes"]
    adaptive_protection       = { auto_deploy = { load_threshold = 0.7 } }
  }

  assert {
    condition = {
      for name, priority in output.rule_priorities : name => priority if priority >= 300 && priority < 1000
      } == {
      "threat-known-malicious-ips" = 300
      "threat-tor-exit-nodes"      = 301
      "adaptive-protection"        = 400
    }
    error_message = "feeds and the suggested rule stand behind the IP lists"
  }

  assert {
    condition     = google_compute_security_policy.license_api.adaptive_protection_config[0].layer_7_ddos_defense_config[0].threshold_configs[0].auto_deploy_load_threshold == 0.7
    error_message = "the threshold is the given one"
  }
}
