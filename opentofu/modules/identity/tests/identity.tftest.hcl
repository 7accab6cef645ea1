variables {
  project_id     = "coditect-citus-prod"
  kms_project_id = "coditect-cloud-infra"
  workload_pool  = "coditect-citus-prod.svc.id.goog"
}

run "one_account_for_each_workload" {
  command = apply

  assert {
    condition = output.emails == {
      api      = "django-backend@coditect-citus-prod.iam.gserviceaccount.com"
      console  = "license-console@coditect-citus-prod.iam.gserviceaccount.com"
      worker   = "license-worker@coditect-citus-prod.iam.gserviceaccount.com"
      migrate  = "license-migrate@coditect-citus-prod.iam.gserviceaccount.com"
      evidence = "license-evidence@coditect-citus-prod.iam.gserviceaccount.com"
      expiry   = "license-incident-expiry@coditect-citus-prod.iam.gserviceaccount.com"
    }
    error_message = "The accounts have the names that the Kubernetes accounts are annotated with."
  }

  assert {
    condition     = output.emails == { for workload, account in google_service_account.this : workload => account.email } && output.members == { for workload, account in google_service_account.this : workload => account.member }
    error_message = "The outputs are the accounts' own addresses."
  }

  assert {
    condition     = google_service_account_iam_binding.workload_identity["api"].members == toset(["serviceAccount:coditect-citus-prod.svc.id.goog[coditect-license/license-api]"])
    error_message = "The leasing pods, and nobody else, are django-backend."
  }

  assert {
    condition     = alltrue([for binding in google_service_account_iam_binding.workload_identity : binding.role == "roles/iam.workloadIdentityUser" && length(binding.members) == 1])
    error_message = "Each account has one Kubernetes account."
  }

  assert {
    condition     = output.kubernetes_accounts["migrate"] == "coditect-license/license-migrate"
    error_message = "Outputs say who may be whom."
  }
}

run "the_incident_tool_looks_and_does_not_touch" {
  command = plan

  assert {
    condition     = toset(keys(google_project_iam_custom_role.evidence)) == toset(["coditect-citus-prod", "coditect-cloud-infra"])
    error_message = "It looks around in both projects."
  }

  assert {
    condition = alltrue(flatten([
      for role in google_project_iam_custom_role.evidence : [
        for permission in role.permissions : can(regex("\\.(get|list|getIamPolicy|access)$", permission)) || permission == "cloudsql.backupRuns.create"
      ]
    ]))
    error_message = "It reads, and begins a backup; nothing else."
  }

  assert {
    condition     = !anytrue(flatten([for role in google_project_iam_custom_role.evidence : [for permission in role.permissions : startswith(permission, "secretmanager.versions")]]))
    error_message = "It reads no secret."
  }
}

run "what_ends_blocks_changes_rules_and_nothing_else" {
  command = plan

  assert {
    condition     = alltrue([for permission in google_project_iam_custom_role.expiry.permissions : can(regex("^compute\\.(securityPolicies\\.(get|list|update)|globalOperations\\.get)$", permission))])
    error_message = "It has the rules of policies to look after."
  }
}

run "one_project_for_both" {
  command = plan

  variables {
    kms_project_id = "coditect-citus-prod"
  }

  assert {
    condition     = contains(google_project_iam_custom_role.evidence["coditect-citus-prod"].permissions, "cloudkms.cryptoKeyVersions.list") && length(google_project_iam_custom_role.evidence) == 1
    error_message = "One role has the permissions of both."
  }
}

run "the_shared_namespace" {
  command = plan

  variables {
    namespace = "coditect-app"
  }

  assert {
    condition     = google_service_account_iam_binding.workload_identity["worker"].members == toset(["serviceAccount:coditect-citus-prod.svc.id.goog[coditect-app/license-worker]"])
    error_message = "In the shared form the accounts are of coditect-app."
  }
}

run "nothing_for_people_unless_asked" {
  command = plan

  assert {
    condition     = length(google_identity_platform_config.this) == 0 && length(google_iap_web_iam_member.staff) == 0
    error_message = "Identity Platform and the proxy are by variable."
  }
}

run "people_by_variable" {
  command = plan

  variables {
    identity_platform = { authorized_domains = ["licenses.coditect.ai"], tenants = { acme = "Acme" } }
    iap               = { host = "admin.coditect.ai", members = ["group:license-staff@coditect.ai"] }
  }

  assert {
    condition     = google_identity_platform_config.this[0].client[0].permissions[0].disabled_user_signup && google_identity_platform_config.this[0].sign_in[0].anonymous[0].enabled == false
    error_message = "Nobody signs up by himself, and nobody is anonymous."
  }

  assert {
    condition     = google_identity_platform_config.this[0].mfa[0].state == "ENABLED" && google_identity_platform_config.this[0].monitoring[0].request_logging[0].enabled
    error_message = "A second factor is there, and requests are logged."
  }

  assert {
    condition     = google_identity_platform_tenant.this["acme"].display_name == "Acme" && google_identity_platform_tenant.this["acme"].client[0].permissions[0].disabled_user_signup
    error_message = "Tenants are made, and their people come by invitation too."
  }

  assert {
    condition     = google_iap_web_iam_member.staff["group:license-staff@coditect.ai"].condition[0].expression == "request.host == \"admin.coditect.ai\""
    error_message = "The proxy lets staff through for the staff's host alone."
  }
}

run "everybody_is_no_staff" {
  command = plan

  variables {
    iap = { host = "admin.coditect.ai", members = ["allAuthenticatedUsers"] }
  }

  expect_failures = [var.iap]
}

run "a_bad_staff_host_is_refused" {
  command = plan

  variables {
    iap = { host = "https://admin.coditect.ai", members = ["group:license-staff@coditect.ai"] }
  }

  expect_failures = [var.iap]
}

run "no_second_factor_is_refused" {
  command = plan

  variables {
    identity_platform = { authorized_domains = ["licenses.coditect.ai"], mfa = "DISABLED" }
  }

  expect_failures = [var.identity_platform]
}

run "localhost_is_refused" {
  command = plan

  variables {
    identity_platform = { authorized_domains = ["localhost"] }
  }

  expect_failures = [var.identity_platform]
}

run "one_account_for_two_is_refused" {
  command = plan

  variables {
    accounts = {
      api      = { account_id = "django-backend", ksa = "license-api", purpose = "p" }
      console  = { account_id = "django-backend", ksa = "license-console", purpose = "p" }
      worker   = { account_id = "license-worker", ksa = "license-worker", purpose = "p" }
      migrate  = { account_id = "license-migrate", ksa = "license-migrate", purpose = "p" }
      evidence = { account_id = "license-evidence", ksa = null, purpose = "p" }
      expiry   = { account_id = "license-incident-expiry", ksa = null, purpose = "p" }
    }
  }

  expect_failures = [var.accounts]
}

run "a_missing_account_is_refused" {
  command = plan

  variables {
    accounts = { api = { account_id = "django-backend", ksa = "license-api", purpose = "p" } }
  }

  expect_failures = [var.accounts]
}

run "a_bad_pool_is_refused" {
  command = plan

  variables {
    workload_pool = "coditect-citus-prod"
  }

  expect_failures = [var.workload_pool]
}

run "a_bad_namespace_is_refused" {
  command = plan

  variables {
    namespace = "*"
  }

  expect_failures = [var.namespace]
}
