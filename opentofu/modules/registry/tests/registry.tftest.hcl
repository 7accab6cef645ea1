variables {
  project_id          = "coditect-citus-prod"
  encryption_key_name = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/registry"
  readers             = ["serviceAccount:license-nodes@coditect-citus-prod.iam.gserviceaccount.com"]
}

run "the_repository" {
  command = apply

  assert {
    condition     = output.repository == "us-central1-docker.pkg.dev/coditect-citus-prod/coditect-license"
    error_message = "Images have the name that the overlays write."
  }

  assert {
    condition     = google_artifact_registry_repository.this.format == "DOCKER" && google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "A tag never moves."
  }

  assert {
    condition     = endswith(google_artifact_registry_repository.this.kms_key_name, "/cryptoKeys/registry")
    error_message = "Images are encrypted with our key."
  }

  assert {
    condition     = { for policy in google_artifact_registry_repository.this.cleanup_policies : policy.id => policy.action } == { keep-newest = "KEEP", delete-untagged = "DELETE" }
    error_message = "What nobody released goes, the newest stay."
  }

  assert {
    condition     = one([for policy in google_artifact_registry_repository.this.cleanup_policies : one(policy.condition[*].tag_state) if policy.action == "DELETE"]) == "UNTAGGED"
    error_message = "A tagged image is never deleted."
  }

  assert {
    condition     = google_artifact_registry_repository.this.cleanup_policy_dry_run == false
    error_message = "The policies act."
  }
}

run "who_reads_and_writes" {
  command = plan

  variables {
    writers = ["serviceAccount:license-release@coditect-citus-prod.iam.gserviceaccount.com"]
  }

  assert {
    condition     = google_artifact_registry_repository_iam_binding.reader.role == "roles/artifactregistry.reader" && google_artifact_registry_repository_iam_binding.reader.members == toset(["serviceAccount:license-nodes@coditect-citus-prod.iam.gserviceaccount.com"])
    error_message = "Nodes read, and nobody else."
  }

  assert {
    condition     = google_artifact_registry_repository_iam_binding.writer[0].role == "roles/artifactregistry.writer"
    error_message = "The pipeline writes and cannot delete."
  }
}

run "nobody_writes_unless_named" {
  command = plan

  assert {
    condition     = length(google_artifact_registry_repository_iam_binding.writer) == 0
    error_message = "No writer by default."
  }
}

run "everybody_is_refused" {
  command = plan

  variables {
    readers = ["allUsers"]
  }

  expect_failures = [var.readers]
}

run "a_writing_node_is_refused" {
  command = plan

  variables {
    writers = ["serviceAccount:license-nodes@coditect-citus-prod.iam.gserviceaccount.com"]
  }

  expect_failures = [var.writers]
}

run "too_few_versions_are_refused" {
  command = plan

  variables {
    keep_versions = 1
  }

  expect_failures = [var.keep_versions]
}

run "deleting_at_once_is_refused" {
  command = plan

  variables {
    untagged_days = 1
  }

  expect_failures = [var.untagged_days]
}

run "no_key_is_refused" {
  command = plan

  variables {
    encryption_key_name = ""
  }

  expect_failures = [var.encryption_key_name]
}

run "a_bad_name_is_refused" {
  command = plan

  variables {
    repository_id = "Coditect"
  }

  expect_failures = [var.repository_id]
}
