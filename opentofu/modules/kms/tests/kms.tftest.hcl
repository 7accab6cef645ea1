# What the two rings hold, and what the module refuses.

variables {
  project_id     = "coditect-citus-prod"
  project_number = "123456789012"
  kms_project_id = "coditect-cloud-infra"
  signers        = ["serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"]
}

run "the_keys" {
  command = plan

  assert {
    condition = (
      google_kms_key_ring.license_keys.project == "coditect-cloud-infra"
      && google_kms_key_ring.license_keys.location == "us-central1"
      && google_kms_key_ring.license_keys.name == "coditect-license-keys"
      && google_kms_crypto_key.license_signing_key.name == "license-signing-key-v1"
    )
    error_message = "the signing key is not where the servers look for it"
  }

  assert {
    condition     = google_kms_crypto_key.license_signing_key.purpose == "ASYMMETRIC_SIGN"
    error_message = "the signing key does not sign"
  }

  assert {
    condition     = google_kms_crypto_key.license_signing_key.version_template[0].algorithm == "RSA_SIGN_PKCS1_4096_SHA256" && output.signing_algorithm == "RSA_SIGN_PKCS1_4096_SHA256"
    error_message = "clients take RSA_SIGN_PKCS1_4096_SHA256 and nothing else"
  }

  assert {
    condition     = google_kms_crypto_key.license_signing_key.version_template[0].protection_level == "HSM"
    error_message = "the signing key is not in an HSM"
  }

  assert {
    condition     = google_kms_crypto_key.license_signing_key.destroy_scheduled_duration == "2592000s" && google_kms_crypto_key.license_signing_key.deletion_policy == "PREVENT"
    error_message = "the signing key can be destroyed at once"
  }

  assert {
    condition = output.environment_config == {
      CLOUD_KMS_PROJECT_ID  = "coditect-cloud-infra"
      CLOUD_KMS_LOCATION    = "us-central1"
      CLOUD_KMS_KEYRING     = "coditect-license-keys"
      CLOUD_KMS_KEY         = "license-signing-key-v1"
      CLOUD_KMS_KEY_VERSION = "1"
    }
    error_message = "the ConfigMap would name another key"
  }

  assert {
    condition     = length(google_kms_crypto_key_iam_member.rotator) == 0 && length(google_kms_crypto_key_iam_member.verifier) == 0
    error_message = "somebody was granted what nobody asked for"
  }

  assert {
    condition     = google_kms_key_ring.cmek.project == "coditect-citus-prod" && google_kms_key_ring.cmek.name == "coditect-license-cmek"
    error_message = "the encryption keys are not in the project of what they encrypt"
  }

  assert {
    condition     = keys(google_kms_crypto_key.cmek) == ["cloudsql", "gke", "logs", "redis", "registry", "secrets"]
    error_message = "a service has no key of its own"
  }

  assert {
    condition = alltrue([
      for name, key in google_kms_crypto_key.cmek :
      key.name == name && key.purpose == "ENCRYPT_DECRYPT" && key.rotation_period == "7776000s"
      && key.destroy_scheduled_duration == "2592000s" && key.deletion_policy == "PREVENT"
      && key.version_template[0].algorithm == "GOOGLE_SYMMETRIC_ENCRYPTION"
    ])
    error_message = "an encryption key does not rotate every 90 days, or can be destroyed at once"
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.cmek) == ["cloudsql/sql", "gke/cluster", "gke/disks", "logs/logging", "logs/storage", "redis/redis", "registry/registry", "secrets/secrets"]
    error_message = "a service's account cannot use its key, or another one can"
  }

  assert {
    condition     = toset([for grant in google_kms_crypto_key_iam_member.cmek : grant.role]) == toset(["roles/cloudkms.cryptoKeyEncrypterDecrypter"])
    error_message = "a service's account may do more than encrypt and decrypt"
  }

  assert {
    condition = (
      google_kms_crypto_key_iam_member.cmek["cloudsql/sql"].member == "serviceAccount:service-123456789012@gcp-sa-cloud-sql.iam.gserviceaccount.com"
      && google_kms_crypto_key_iam_member.cmek["redis/redis"].member == "serviceAccount:service-123456789012@cloud-redis.iam.gserviceaccount.com"
      && google_kms_crypto_key_iam_member.cmek["secrets/secrets"].member == "serviceAccount:service-123456789012@gcp-sa-secretmanager.iam.gserviceaccount.com"
      && google_kms_crypto_key_iam_member.cmek["registry/registry"].member == "serviceAccount:service-123456789012@gcp-sa-artifactregistry.iam.gserviceaccount.com"
      && google_kms_crypto_key_iam_member.cmek["gke/cluster"].member == "serviceAccount:service-123456789012@container-engine-robot.iam.gserviceaccount.com"
      && google_kms_crypto_key_iam_member.cmek["gke/disks"].member == "serviceAccount:service-123456789012@compute-system.iam.gserviceaccount.com"
    )
    error_message = "a key is granted to another account than its service's own"
  }
}

run "who_signs_and_no_standby_yet" {
  command = plan

  variables {
    verifiers = ["serviceAccount:license-console@coditect-citus-prod.iam.gserviceaccount.com"]
    rotators  = ["user:custodian@coditect.ai"]

    expect_standby = true
  }

  assert {
    condition     = [for grant in google_kms_crypto_key_iam_member.signer : "${grant.role} ${grant.member}"] == ["roles/cloudkms.signerVerifier serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"]
    error_message = "somebody else than the leasing plane signs"
  }

  assert {
    condition     = [for grant in google_kms_crypto_key_iam_member.verifier : "${grant.role} ${grant.member}"] == ["roles/cloudkms.publicKeyViewer serviceAccount:license-console@coditect-citus-prod.iam.gserviceaccount.com"]
    error_message = "verifiers may more, or less, than read the public key"
  }

  assert {
    condition     = toset([for grant in google_kms_crypto_key_iam_member.rotator : "${grant.role} ${grant.member}"]) == toset(["roles/cloudkms.admin user:custodian@coditect.ai", "roles/cloudkms.signerVerifier user:custodian@coditect.ai"])
    error_message = "whoever rotates the key cannot, or may more"
  }

  expect_failures = [check.a_standby_is_there]
}

run "what_is_refused" {
  command = plan

  variables {
    project_id               = "Coditect"
    project_number           = "coditect-citus-prod"
    kms_project_id           = "a"
    location                 = "global"
    signing_protection_level = "EXTERNAL"
    cmek_protection_level    = "EXTERNAL"
    signers                  = ["user:somebody@coditect.ai"]
    verifiers                = ["allUsers"]
    destroy_scheduled_days   = 1
  }

  expect_failures = [
    var.project_id, var.project_number, var.kms_project_id, var.location,
    var.signing_protection_level, var.cmek_protection_level,
    var.signers, var.verifiers,
    var.destroy_scheduled_days,
  ]
}

run "somebody_signs" {
  command = plan

  variables {
    signers = []
  }

  expect_failures = [var.signers]
}

run "who_signs_does_not_destroy" {
  command = plan

  variables {
    rotators = ["serviceAccount:django-backend@coditect-citus-prod.iam.gserviceaccount.com"]
  }

  expect_failures = [var.rotators]
}

run "the_world_does_not_destroy" {
  command = plan

  variables {
    rotators = ["allAuthenticatedUsers"]
  }

  expect_failures = [var.rotators]
}
