# The state knows addresses and the AUTH of Redis: the bucket is private, versioned and encrypted.
terraform {
  backend "gcs" {
    bucket = "coditect-citus-prod-license-tofu"
    prefix = "environments/production"
  }
}
