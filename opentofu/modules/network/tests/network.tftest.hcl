variables {
  project_id = "coditect-citus-prod"
}

run "agreed_addresses" {
  command = apply

  assert {
    condition = output.ranges == {
      nodes         = "10.10.0.0/22"
      pods          = "10.8.0.0/16"
      services      = "10.9.0.0/20"
      control_plane = "172.16.0.0/28"
      sql           = "10.67.0.0/16"
      redis         = "10.159.0.0/16"
    }
    error_message = "Network policies admit these ranges by address."
  }

  assert {
    condition     = output.private_services == { sql = "coditect-license-sql", redis = "coditect-license-redis" }
    error_message = "Cloud SQL and Memorystore each have a range of their own."
  }

  assert {
    condition     = google_compute_global_address.private_services["sql"].address == "10.67.0.0" && google_compute_global_address.private_services["sql"].prefix_length == 16
    error_message = "The range of Cloud SQL is reserved as it is written."
  }

  assert {
    condition     = toset(google_service_networking_connection.private_services.reserved_peering_ranges) == toset(["coditect-license-sql", "coditect-license-redis"])
    error_message = "Both ranges are peered."
  }

  assert {
    condition     = output.ingress_address_name == "coditect-license-ip" && output.ingress_address != null
    error_message = "Our own Ingress has an address."
  }
}

run "nodes_have_no_way_out_but_nat" {
  command = plan

  assert {
    condition     = google_compute_network.this.auto_create_subnetworks == false
    error_message = "No subnetwork in every region of the world."
  }

  assert {
    condition     = google_compute_subnetwork.nodes.private_ip_google_access
    error_message = "Nodes without a public address reach Google's interfaces."
  }

  assert {
    condition     = google_compute_subnetwork.nodes.log_config[0].flow_sampling == 0.5 && google_compute_subnetwork.nodes.log_config[0].metadata == "INCLUDE_ALL_METADATA"
    error_message = "Flows are logged."
  }

  assert {
    condition     = { for range in google_compute_subnetwork.nodes.secondary_ip_range : range.range_name => range.ip_cidr_range } == { pods = "10.8.0.0/16", services = "10.9.0.0/20" }
    error_message = "Pods and services have ranges of their own."
  }

  assert {
    condition     = google_compute_router_nat.this.source_subnetwork_ip_ranges_to_nat == "LIST_OF_SUBNETWORKS" && google_compute_router_nat.this.log_config[0].enable
    error_message = "Cloud NAT serves the nodes' subnetwork alone, and logs."
  }
}

run "google_is_reached_privately" {
  command = plan

  assert {
    condition     = toset(keys(google_dns_managed_zone.private)) == toset(["googleapis.com", "pkg.dev", "gcr.io"])
    error_message = "Interfaces and registries have private zones."
  }

  assert {
    condition     = alltrue([for zone in google_dns_managed_zone.private : zone.visibility == "private"])
    error_message = "Nobody outside sees the zones."
  }

  assert {
    condition     = google_dns_record_set.address["googleapis.com"].name == "private.googleapis.com." && google_dns_record_set.names["googleapis.com"].name == "*.googleapis.com." && google_dns_record_set.names["googleapis.com"].rrdatas == tolist(["private.googleapis.com."])
    error_message = "Every interface is an alias of private.googleapis.com."
  }

  assert {
    condition     = google_dns_record_set.address["googleapis.com"].rrdatas == tolist(["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"]) && output.private_api_range == "199.36.153.8/30"
    error_message = "private.googleapis.com has four addresses."
  }

  assert {
    condition     = google_dns_policy.logged.enable_logging
    error_message = "Questions to the DNS are logged."
  }
}

run "the_firewall_refuses_by_default" {
  command = plan

  assert {
    condition     = google_compute_firewall.deny_ingress.direction == "INGRESS" && one(google_compute_firewall.deny_ingress.deny).protocol == "all" && length(google_compute_firewall.deny_ingress.log_config) == 1
    error_message = "What comes in unnamed is refused and logged."
  }

  assert {
    condition     = google_compute_firewall.deny_egress.direction == "EGRESS" && one(google_compute_firewall.deny_egress.deny).protocol == "all" && length(google_compute_firewall.deny_egress.log_config) == 1
    error_message = "What goes out unnamed is refused and logged."
  }

  assert {
    condition     = one(google_compute_firewall.egress_https.allow).ports == tolist(["443"])
    error_message = "The internet is reached by HTTPS alone."
  }

  assert {
    condition     = toset(google_compute_firewall.health_checks.source_ranges) == toset(["35.191.0.0/16", "130.211.0.0/22"]) && one(google_compute_firewall.health_checks.allow).ports == tolist(["8000"])
    error_message = "Google's front ends reach the container's port."
  }

  assert {
    condition     = length(google_compute_firewall.iap_ssh) == 0
    error_message = "ssh is closed unless it is asked for."
  }
}

run "another_products_address" {
  command = plan

  variables {
    address_name = null
  }

  assert {
    condition     = length(google_compute_global_address.ingress) == 0 && output.ingress_address == null
    error_message = "No address is made where the Ingress is shared."
  }
}

run "ssh_by_variable" {
  command = plan

  variables {
    allow_iap_ssh = true
  }

  assert {
    condition     = toset(google_compute_firewall.iap_ssh[0].source_ranges) == toset(["35.235.240.0/20"])
    error_message = "ssh comes through the identity-aware proxy alone."
  }
}

run "overlapping_ranges_are_refused" {
  command = plan

  variables {
    ranges = { pods = "10.9.0.0/16" }
  }

  expect_failures = [google_compute_subnetwork.nodes]
}

run "a_bad_range_is_refused" {
  command = plan

  variables {
    ranges = { nodes = "10.10.0.0" }
  }

  expect_failures = [var.ranges]
}

run "a_wide_control_plane_is_refused" {
  command = plan

  variables {
    ranges = { control_plane = "172.16.0.0/24" }
  }

  expect_failures = [var.ranges]
}

run "a_narrow_service_range_is_refused" {
  command = plan

  variables {
    private_services = { sql = "10.67.0.0/28" }
  }

  expect_failures = [var.private_services]
}

run "no_flow_logs_are_refused" {
  command = plan

  variables {
    flow_log_sampling = 0
  }

  expect_failures = [var.flow_log_sampling]
}

run "a_bad_region_is_refused" {
  command = plan

  variables {
    region = "us"
  }

  expect_failures = [var.region]
}

run "a_bad_project_is_refused" {
  command = plan

  variables {
    project_id = "X"
  }

  expect_failures = [var.project_id]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    name = "Coditect"
  }

  expect_failures = [var.name]
}
