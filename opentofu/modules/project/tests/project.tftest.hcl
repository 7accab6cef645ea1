variables {
  project_id       = "coditect-citus-prod"
  services         = ["cloudkms.googleapis.com", "sqladmin.googleapis.com"]
  audited_services = ["cloudkms.googleapis.com"]
}

run "services_stay_on" {
  command = apply

  assert {
    condition     = toset(output.services) == var.services
    error_message = "Each service that is named is switched on."
  }

  assert {
    condition     = alltrue([for s in google_project_service.this : s.disable_on_destroy == false])
    error_message = "No service may be switched off with this module."
  }
}

run "agents_are_made_before_they_are_given_keys" {
  command = apply

  variables {
    service_agents = ["sqladmin.googleapis.com"]
  }

  assert {
    condition     = output.service_agents == ["sqladmin.googleapis.com"] && google_project_service_identity.this["sqladmin.googleapis.com"].project == "coditect-citus-prod"
    error_message = "The account of Cloud SQL is made with the project's services."
  }
}

run "an_agent_of_no_service_is_refused" {
  command = plan

  variables {
    service_agents = ["redis.googleapis.com"]
  }

  expect_failures = [var.service_agents]
}

run "every_kind_of_access_is_logged" {
  command = plan

  assert {
    condition = (
      toset([for c in google_project_iam_audit_config.this["cloudkms.googleapis.com"].audit_log_config : c.log_type])
      == toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    )
    error_message = "Administrative reads, reads and writes are all logged."
  }

  assert {
    condition = alltrue([
      for c in google_project_iam_audit_config.this["cloudkms.googleapis.com"].audit_log_config :
      length(coalesce(c.exempted_members, [])) == 0
    ])
    error_message = "Nobody is exempt from the audit log."
  }
}

run "a_bad_project_is_refused" {
  command = plan

  variables {
    project_id = "X"
  }

  expect_failures = [var.project_id]
}

run "a_bad_service_is_refused" {
  command = plan

  variables {
    services = ["cloudkms"]
  }

  expect_failures = [var.services]
}

run "no_services_are_refused" {
  command = plan

  variables {
    services = []
  }

  expect_failures = [var.services]
}

run "a_bad_audited_service_is_refused" {
  command = plan

  variables {
    audited_services = ["kms"]
  }

  expect_failures = [var.audited_services]
}
