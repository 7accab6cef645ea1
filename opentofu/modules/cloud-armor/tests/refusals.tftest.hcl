# What the module does not take.
variables {
  project_id = "coditect-citus-prod"
}

run "a_project_without_a_name" {
  command = plan
  variables {
    project_id = "X"
  }
  expect_failures = [var.project_id]
}

run "tls_1_1" {
  command = plan
  variables {
    min_tls_version = "TLS_1_1"
  }
  expect_failures = [var.min_tls_version]
}

run "a_country_by_its_name" {
  command = plan
  variables {
    allowed_countries = ["Germany"]
  }
  expect_failures = [var.allowed_countries]
}

run "the_whole_internet_on_the_allow_list" {
  command = plan
  variables {
    allowed_ip_ranges = ["0.0.0.0/0"]
  }
  expect_failures = [var.allowed_ip_ranges]
}

run "a_temporary_block_at_the_priority_of_the_incident" {
  command = plan
  variables {
    temporary_blocks = { one = { priority = 1, src_ip_ranges = ["203.0.113.7/32"] } }
  }
  expect_failures = [var.temporary_blocks]
}

run "two_temporary_blocks_at_one_priority" {
  command = plan
  variables {
    temporary_blocks = {
      one   = { priority = 2, src_ip_ranges = ["203.0.113.7/32"] }
      other = { priority = 2, src_ip_ranges = ["203.0.113.8/32"] }
    }
  }
  expect_failures = [google_compute_security_policy.license_api]
}

run "a_status_that_cloud_armor_has_not" {
  command = plan
  variables {
    incident = { active = true, action = "deny(503)" }
  }
  expect_failures = [var.incident]
}

run "a_rule_set_that_does_not_exist" {
  command = plan
  variables {
    waf_rule_sets = { "project-shield" = {} }
  }
  expect_failures = [var.waf_rule_sets]
}

run "a_version_of_rule_sets_that_does_not_exist" {
  command = plan
  variables {
    waf_version = "v30"
  }
  expect_failures = [var.waf_version]
}

run "preview_of_a_rule_that_is_not_there" {
  command = plan
  variables {
    preview = { sqlinjection = false }
  }
  expect_failures = [google_compute_security_policy.license_api]
}

run "threat_intelligence_without_enterprise" {
  command = plan
  variables {
    threat_intelligence_feeds = ["iplist-known-malicious-ips"]
  }
  expect_failures = [google_compute_security_policy.license_api]
}

run "bodies_past_what_is_inspected" {
  command = plan
  variables {
    request_body_inspection_size = "8KB"
  }
  expect_failures = [google_compute_security_policy.license_api]
}

run "a_throttle_before_what_denies" {
  command = plan
  variables {
    path_throttles = { early = { priority = 1500, path = "/api/", count = 10 } }
  }
  expect_failures = [var.path_throttles]
}

run "a_default_that_refuses_everything" {
  command = plan
  variables {
    default_action = "deny(403)"
  }
  expect_failures = [google_compute_security_policy.license_api]
}
