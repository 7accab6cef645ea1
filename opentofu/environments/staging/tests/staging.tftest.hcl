# What staging is, seen from outside its modules; the modules' own tests look inside.

# The engine wants a value for what is ephemeral when a test applies; nobody's password.
variables {
  owner_password        = "of-this-test-and-of-nothing-else"
  pagerduty_service_key = "of-this-test-and-of-nothing-else"
}

run "names_that_others_rely_on" {
  command = apply

  assert {
    condition = output.environment_config == {
      CLOUD_KMS_PROJECT_ID  = "coditect-citus-staging"
      CLOUD_KMS_LOCATION    = "us-central1"
      CLOUD_KMS_KEYRING     = "coditect-license-keys"
      CLOUD_KMS_KEY         = "license-signing-key-v1"
      CLOUD_KMS_KEY_VERSION = "1"
    }
    error_message = "Staging signs with a key of its own."
  }

  assert {
    condition     = output.kubernetes_accounts["coditect-license/license-api"] == "django-backend@coditect-citus-staging.iam.gserviceaccount.com"
    error_message = "Its accounts are its own project's."
  }

  assert {
    condition     = output.evidence_bucket == "coditect-license-staging-evidence" && output.repository == "us-central1-docker.pkg.dev/coditect-citus-staging/coditect-license"
    error_message = "Nothing of it is production's."
  }

  assert {
    condition     = output.max_connections == 200
    error_message = "Its database is smaller."
  }
}

run "rules_are_enforced_here_first" {
  command = plan

  assert {
    condition     = length(output.previewed_rules) == 0
    error_message = "What production only logs is enforced here."
  }
}

run "one_host_for_staff_and_programs_is_refused" {
  command = plan

  variables {
    staff_host = "licenses.staging.coditect.ai"
  }

  expect_failures = [var.staff_host]
}
