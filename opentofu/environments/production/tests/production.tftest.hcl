# What production is, seen from outside its modules; the modules' own tests look inside.

# The engine wants a value for what is ephemeral when a test applies; nobody's password.
variables {
  owner_password        = "of-this-test-and-of-nothing-else"
  pagerduty_service_key = "of-this-test-and-of-nothing-else"
}

run "names_that_others_rely_on" {
  command = apply

  assert {
    condition = output.environment_config == {
      CLOUD_KMS_PROJECT_ID  = "coditect-cloud-infra"
      CLOUD_KMS_LOCATION    = "us-central1"
      CLOUD_KMS_KEYRING     = "coditect-license-keys"
      CLOUD_KMS_KEY         = "license-signing-key-v1"
      CLOUD_KMS_KEY_VERSION = "1"
    }
    error_message = "The ConfigMap environment-config says these five."
  }

  assert {
    condition = output.kubernetes_accounts == {
      "coditect-license/license-api"             = "django-backend@coditect-citus-prod.iam.gserviceaccount.com"
      "coditect-license/license-console"         = "license-console@coditect-citus-prod.iam.gserviceaccount.com"
      "coditect-license/license-worker"          = "license-worker@coditect-citus-prod.iam.gserviceaccount.com"
      "coditect-license/license-migrate"         = "license-migrate@coditect-citus-prod.iam.gserviceaccount.com"
      "coditect-license/license-evidence"        = "license-evidence@coditect-citus-prod.iam.gserviceaccount.com"
      "coditect-license/license-incident-expiry" = "license-incident-expiry@coditect-citus-prod.iam.gserviceaccount.com"
    }
    error_message = "The Kubernetes accounts are annotated with these."
  }

  assert {
    condition     = output.security_policy == { policy = "license-api-security-policy", ssl_policy = "license-ssl-policy" }
    error_message = "Backend and frontend configurations name these."
  }

  assert {
    condition     = output.repository == "us-central1-docker.pkg.dev/coditect-citus-prod/coditect-license"
    error_message = "The overlays take the image from here."
  }

  assert {
    condition     = output.cluster == { name = "coditect-license", location = "us-central1", project = "coditect-citus-prod" }
    error_message = "The cluster is regional."
  }

  assert {
    condition     = output.addresses.ranges.sql == "10.67.0.0/16" && output.addresses.ranges.redis == "10.159.0.0/16" && output.addresses.private_api == "199.36.153.8/30"
    error_message = "The network policies admit these."
  }

  assert {
    condition     = length(output.secrets) == 9
    error_message = "Every secret has its readers."
  }

  assert {
    condition     = output.max_connections == 400 && output.evidence_bucket == "coditect-license-evidence"
    error_message = "Replicas and the incident tool count on these."
  }
}

run "everything_begins_in_preview" {
  command = plan

  assert {
    condition     = length(output.previewed_rules) > 0 && contains(output.previewed_rules, "geo")
    error_message = "Rules of the edge are logged before they are enforced."
  }
}

run "the_key_of_the_cluster_is_refused" {
  command = plan

  variables {
    kms_project_id = "coditect-citus-prod"
  }

  expect_failures = [var.kms_project_id]
}

run "one_host_for_staff_and_programs_is_refused" {
  command = plan

  variables {
    staff_host = "licenses.coditect.ai"
  }

  expect_failures = [var.staff_host]
}

run "a_single_operator_is_refused" {
  command = plan

  variables {
    operators = "user:somebody@coditect.ai"
  }

  expect_failures = [var.operators]
}

run "an_unknown_environment_is_refused" {
  command = plan

  variables {
    environment = "test"
  }

  expect_failures = [var.environment]
}

run "the_shared_address" {
  command = plan

  variables {
    namespace = "coditect-app"
    network   = { own_address = false }
  }

  assert {
    condition     = output.addresses.ingress == null
    error_message = "Behind another product's address neither address nor names are ours."
  }

  assert {
    condition     = contains(keys(output.kubernetes_accounts), "coditect-app/license-api")
    error_message = "The accounts are of the shared namespace."
  }
}
