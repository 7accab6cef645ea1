variables {
  project_id          = "coditect-citus-prod"
  encryption_key_name = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/secrets"
  readers = {
    api      = "serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"
    console  = "serviceAccount:license-console@coditect-citus-prod.iam.gserviceaccount.com"
    worker   = "serviceAccount:license-worker@coditect-citus-prod.iam.gserviceaccount.com"
    migrate  = "serviceAccount:license-migrate@coditect-citus-prod.iam.gserviceaccount.com"
    evidence = "serviceAccount:license-evidence@coditect-citus-prod.iam.gserviceaccount.com"
    balancer = "group:license-operators@coditect.ai"
  }
}

run "nine_secrets_each_with_its_readers" {
  command = apply

  assert {
    condition = { for name, readers in output.reader_emails : name => sort([for email in readers : split("@", email)[0]]) } == {
      license-django-secret-key    = tolist(["license-console"])
      license-key-pepper-1         = tolist(["django-backend", "license-console"])
      license-audit-key            = tolist(["license-worker"])
      license-database-url         = tolist(["django-backend", "license-console", "license-worker"])
      license-leasing-database-url = tolist(["django-backend", "license-console", "license-worker"])
      license-migrate-database-url = tolist(["license-migrate"])
      license-redis-password       = tolist(["django-backend", "license-console"])
      license-iap-client           = tolist(["license-operators"])
      license-pagerduty-key        = tolist(["license-evidence"])
    }
    error_message = "Each secret is read by who needs it and by nobody else."
  }

  assert {
    condition     = length(google_secret_manager_secret.this) == 9 && output.secret_ids["license-audit-key"] == "projects/coditect-citus-prod/secrets/license-audit-key"
    error_message = "There are nine."
  }
}

run "how_they_are_kept" {
  command = plan

  assert {
    condition = alltrue([
      for secret in google_secret_manager_secret.this :
      secret.replication[0].user_managed[0].replicas[0].location == "us-central1"
      && endswith(secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name, "/cryptoKeys/secrets")
    ])
    error_message = "In one region, encrypted with our key."
  }

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.this : secret.deletion_protection && secret.version_destroy_ttl == "2592000s"])
    error_message = "A deletion by mistake is refused, a destruction can be taken back for thirty days."
  }

  assert {
    condition     = alltrue([for binding in google_secret_manager_secret_iam_binding.reader : binding.role == "roles/secretmanager.secretAccessor"])
    error_message = "Readers read the value and cannot change it."
  }
}

run "a_reader_without_a_member_is_refused" {
  command = plan

  variables {
    readers = { api = "serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com" }
  }

  expect_failures = [var.readers]
}

run "everybody_is_refused" {
  command = plan

  variables {
    secrets = { license-a = { purpose = "p", readers = ["api"] } }
    readers = { api = "allUsers" }
  }

  expect_failures = [var.readers]
}

run "a_secret_without_a_reader_is_refused" {
  command = plan

  variables {
    secrets = { license-a = { purpose = "p", readers = [] } }
  }

  expect_failures = [var.secrets]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    secrets = { Password = { purpose = "p", readers = ["api"] } }
  }

  expect_failures = [var.secrets]
}

run "no_key_is_refused" {
  command = plan

  variables {
    encryption_key_name = ""
  }

  expect_failures = [var.encryption_key_name]
}

run "destruction_at_once_is_refused" {
  command = plan

  variables {
    destroy_days = 0
  }

  expect_failures = [var.destroy_days]
}
