# The state knows addresses and the AUTH of Redis: the bucket is private, versioned and encrypted.
terraform {
  backend "gcs" {
    bucket = "coditect-citus-staging-license-tofu"
    prefix = "environments/staging"
  }
}
