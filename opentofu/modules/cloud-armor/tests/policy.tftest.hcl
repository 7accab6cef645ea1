# What the policy says with nothing chosen, and with production's countries.
variables {
  project_id = "coditect-citus-prod"
}

run "the_policy_inspects_json_and_is_of_the_edge" {
  command = plan

  assert {
    condition     = google_compute_security_policy.license_api.name == "license-api-security-policy"
    error_message = "the name is the one that BackendConfigs say"
  }

  assert {
    condition     = google_compute_security_policy.license_api.type == "CLOUD_ARMOR"
    error_message = "the type has the options for bodies"
  }

  assert {
    condition     = google_compute_security_policy.license_api.advanced_options_config[0].json_parsing == "STANDARD"
    error_message = "signatures see values of JSON"
  }

  assert {
    condition     = google_compute_security_policy.license_api.advanced_options_config[0].log_level == "NORMAL"
    error_message = "requests are not written to the log"
  }

  assert {
    condition     = google_compute_security_policy.license_api.advanced_options_config[0].request_body_inspection_size == "64KB"
    error_message = "a whole body is inspected"
  }

  assert {
    condition     = google_compute_security_policy.license_api.adaptive_protection_config[0].layer_7_ddos_defense_config[0].enable
    error_message = "adaptive protection is on"
  }
}

run "tls_begins_at_1_2_with_restricted_ciphers" {
  command = plan

  assert {
    condition     = google_compute_ssl_policy.license.name == "license-ssl-policy"
    error_message = "the name is the one that the FrontendConfig says"
  }

  assert {
    condition     = google_compute_ssl_policy.license.min_tls_version == "TLS_1_2" && google_compute_ssl_policy.license.profile == "RESTRICTED"
    error_message = "TLS 1.2 and RESTRICTED are the default"
  }
}

run "tls_1_3_alone_can_be_asked_for" {
  command = plan

  variables {
    min_tls_version = "TLS_1_3"
  }

  assert {
    condition     = google_compute_ssl_policy.license.min_tls_version == "TLS_1_3" && google_compute_ssl_policy.license.profile == "RESTRICTED"
    error_message = "TLS 1.3 goes with RESTRICTED"
  }
}

run "rules_stand_in_the_order_of_the_first_match" {
  command = plan

  variables {
    allowed_countries = ["US", "CA", "GB", "DE", "FR", "NL", "SE", "DK", "NO", "FI"]
    allowed_ip_ranges = ["198.51.100.0/28"]
    denied_ip_ranges  = ["203.0.113.0/24"]
  }

  assert {
    condition = output.rule_priorities == {
      "incident"             = 1
      "ip-allow-0"           = 100
      "ip-deny-0"            = 200
      "geo"                  = 1000
      "body-size"            = 1500
      "method"               = 1600
      "sqli"                 = 2000
      "xss"                  = 2010
      "lfi"                  = 2020
      "rfi"                  = 2030
      "rce"                  = 2040
      "scannerdetection"     = 2050
      "protocolattack"       = 2060
      "sessionfixation"      = 2070
      "cve-canary"           = 2900
      "throttle-acquire"     = 3000
      "throttle-validate"    = 3010
      "throttle-staff-pages" = 3020
      "general-throttle"     = 3900
      "default"              = 2147483647
    }
    error_message = "incident, lists, countries, forms, signatures, throttles, default"
  }

  assert {
    condition = alltrue([
      for rule in google_compute_security_policy.license_api.rule :
      rule.priority > 3000 || rule.action != "allow" || (rule.priority >= 100 && rule.priority < 200)
    ])
    error_message = "nothing but the narrow IP list allows before everything that denies"
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.match[0].expr[0].expression if rule.priority == 1000
    ]) == "!'[US,CA,GB,DE,FR,NL,SE,DK,NO,FI]'.contains(origin.region_code)"
    error_message = "countries are refused, and none is waved through"
  }

  assert {
    condition     = contains(output.previewed_rules, "geo")
    error_message = "the countries begin in preview"
  }
}

run "without_a_list_of_countries_there_is_no_rule_about_them" {
  command = plan

  assert {
    condition     = !contains(keys(output.rule_priorities), "geo") && !contains(keys(output.rule_priorities), "geo-denied")
    error_message = "the default refuses no country"
  }
}

run "every_rule_that_may_err_begins_in_preview" {
  command = plan

  assert {
    condition = toset(output.previewed_rules) == toset([
      "body-size", "method", "sqli", "xss", "lfi", "rfi", "rce", "scannerdetection", "protocolattack",
      "sessionfixation", "cve-canary", "throttle-acquire", "throttle-validate", "throttle-staff-pages", "general-throttle",
    ])
    error_message = "new rules are logged first"
  }
}

run "rules_are_promoted_one_by_one" {
  command = plan

  variables {
    preview = { sqli = false, body-size = false }
  }

  assert {
    condition     = !contains(output.previewed_rules, "sqli") && !contains(output.previewed_rules, "body-size") && contains(output.previewed_rules, "xss")
    error_message = "what preview names is enforced, and the rest is not"
  }
}

run "an_active_incident_refuses_everybody" {
  command = plan

  variables {
    incident = { active = true }
  }

  assert {
    condition = contains(one([
      for rule in google_compute_security_policy.license_api.rule : rule if rule.priority == 1
    ]).match[0].config[0].src_ip_ranges, "*")
    error_message = "priority 1 matches everybody"
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.action if rule.priority == 1
    ]) == "deny(502)"
    error_message = "programs see an outage, and keep their leases"
  }
}

run "throttles_follow_from_seats" {
  command = plan

  variables {
    seats_per_address = 500
  }

  assert {
    condition     = output.calls_per_minute_per_address == 6000
    error_message = "500 seats may make 12 calls each"
  }
}

run "a_hundred_a_minute_can_be_asked_for" {
  command = plan

  variables {
    general_throttle_per_minute = 100
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.rate_limit_options[0].rate_limit_threshold[0].count if rule.priority == 3900
    ]) == 100
    error_message = "the figure is taken as it is"
  }
}

run "the_older_rule_sets_can_be_selected" {
  command = plan

  variables {
    waf_version = "v33"
    waf_rule_sets = {
      sqli = { sensitivity = 2, opt_out = [942432] }
    }
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.match[0].expr[0].expression if rule.priority == 2000
    ]) == "evaluatePreconfiguredWaf('sqli-v33-stable', {'sensitivity': 2, 'opt_out_rule_ids': ['owasp-crs-v030301-id942432-sqli']})"
    error_message = "version, sensitivity and opt-outs are in the expression"
  }
}

run "signatures_that_refuse_honest_calls_are_left_out" {
  command = plan

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.match[0].expr[0].expression if rule.priority == 2010
    ]) == "evaluatePreconfiguredWaf('xss-v422-stable', {'sensitivity': 1, 'opt_out_rule_ids': ['owasp-crs-v042200-id941310-xss']})"
    error_message = "Japanese names are no attack"
  }

  assert {
    condition = one([
      for rule in google_compute_security_policy.license_api.rule : rule.match[0].expr[0].expression if rule.priority == 2000
    ]) == "evaluatePreconfiguredWaf('sqli-v422-stable', {'sensitivity': 1})"
    error_message = "the other sets are whole"
  }
}
