# What is said of the hosts, and what the module refuses. Addresses are of documentation ranges.

variables {
  project_id = "coditect-citus-prod"
  domain     = "coditect.ai"
  zone_name  = "coditect-ai"
  hosts = {
    "licenses.coditect.ai" = { ipv4 = "192.0.2.10", ipv6 = "2001:db8::10" }
    "admin.coditect.ai"    = { ipv4 = "192.0.2.10" }
  }
  incident_contact = "mailto:security@coditect.ai"
}

run "a_zone_of_its_own" {
  command = plan

  assert {
    condition     = google_dns_managed_zone.public[0].dns_name == "coditect.ai." && google_dns_managed_zone.public[0].visibility == "public" && google_dns_managed_zone.public[0].deletion_policy == "PREVENT" && !google_dns_managed_zone.public[0].force_destroy
    error_message = "the zone is another one, or can be deleted with its records"
  }

  assert {
    condition     = google_dns_managed_zone.public[0].dnssec_config[0].state == "on" && google_dns_managed_zone.public[0].dnssec_config[0].non_existence == "nsec3"
    error_message = "answers are not signed"
  }

  assert {
    condition     = toset([for key in google_dns_managed_zone.public[0].dnssec_config[0].default_key_specs : "${key.key_type} ${key.algorithm}"]) == toset(["keySigning ecdsap256sha256", "zoneSigning ecdsap256sha256"])
    error_message = "answers are signed with another algorithm than ECDSA P-256"
  }

  assert {
    condition     = google_dns_managed_zone.public[0].cloud_logging_config[0].enable_logging
    error_message = "queries are not logged"
  }

  assert {
    condition     = { for name, record in google_dns_record_set.ipv4 : record.name => "${record.type} ${record.ttl} ${join(",", record.rrdatas)}" } == { "licenses.coditect.ai." = "A 300 192.0.2.10", "admin.coditect.ai." = "A 300 192.0.2.10" }
    error_message = "the hosts are elsewhere"
  }

  assert {
    condition     = { for name, record in google_dns_record_set.ipv6 : record.name => "${record.type} ${join(",", record.rrdatas)}" } == { "licenses.coditect.ai." = "AAAA 2001:db8::10" }
    error_message = "a host has an IPv6 address that nobody gave it, or lacks its own"
  }

  assert {
    condition = alltrue([
      for record in google_dns_record_set.caa :
      record.type == "CAA" && record.rrdatas == tolist(["0 issue \"pki.goog\"", "0 issuewild \";\"", "0 iodef \"mailto:security@coditect.ai\""])
    ]) && keys(google_dns_record_set.caa) == ["admin.coditect.ai", "licenses.coditect.ai"]
    error_message = "anybody may issue certificates for a host"
  }
}

run "a_zone_that_is_there" {
  command = plan

  variables {
    create_zone      = false
    incident_contact = null
  }

  assert {
    condition     = length(google_dns_managed_zone.public) == 0 && output.name_servers == [] && output.ds_records == []
    error_message = "a second zone would be made"
  }

  assert {
    condition     = alltrue([for record in google_dns_record_set.caa : record.managed_zone == "coditect-ai" && length(record.rrdatas) == 2])
    error_message = "records are in another zone"
  }
}

run "what_is_refused" {
  command = plan

  variables {
    domain              = "coditect.ai."
    zone_name           = "Coditect"
    certificate_issuers = []
    incident_contact    = "security@coditect.ai"
    ttl_seconds         = 5
  }

  expect_failures = [
    var.domain, var.zone_name, var.certificate_issuers, var.incident_contact, var.ttl_seconds,
  ]
}

run "a_host_of_somebody_else" {
  command = plan

  variables {
    hosts = { "licenses.example.com" = { ipv4 = "192.0.2.10" } }
  }

  expect_failures = [var.hosts]
}

run "a_host_without_an_address" {
  command = plan

  variables {
    hosts = { "licenses.coditect.ai" = { ipv4 = "licenses" } }
  }

  expect_failures = [var.hosts]
}
