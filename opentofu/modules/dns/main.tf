# Where the hosts are, who may issue certificates for them, and signatures that say so.

locals {
  domain = "${var.domain}."
  zone   = var.create_zone ? google_dns_managed_zone.public[0].name : var.zone_name
}

resource "google_dns_managed_zone" "public" {
  count = var.create_zone ? 1 : 0

  project         = var.project_id
  name            = var.zone_name
  dns_name        = local.domain
  description     = "Public names of ${var.domain}"
  visibility      = "public"
  force_destroy   = false
  deletion_policy = "PREVENT"
  labels          = var.labels

  dnssec_config {
    state         = "on"
    non_existence = "nsec3"

    default_key_specs {
      algorithm  = "ecdsap256sha256"
      key_length = 256
      key_type   = "keySigning"
    }

    default_key_specs {
      algorithm  = "ecdsap256sha256"
      key_length = 256
      key_type   = "zoneSigning"
    }
  }

  cloud_logging_config {
    enable_logging = true
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_dns_record_set" "ipv4" {
  for_each = var.hosts

  project      = var.project_id
  managed_zone = local.zone
  name         = "${each.key}."
  type         = "A"
  ttl          = var.ttl_seconds
  rrdatas      = [each.value.ipv4]
}

resource "google_dns_record_set" "ipv6" {
  for_each = { for host, addresses in var.hosts : host => addresses.ipv6 if addresses.ipv6 != null }

  project      = var.project_id
  managed_zone = local.zone
  name         = "${each.key}."
  type         = "AAAA"
  ttl          = var.ttl_seconds
  rrdatas      = [each.value]
}

# On each host and not on the domain, whose other hosts may have other issuers. An issuer looks at
# the name itself first, and climbs only where it finds nothing.
resource "google_dns_record_set" "caa" {
  for_each = var.hosts

  project      = var.project_id
  managed_zone = local.zone
  name         = "${each.key}."
  type         = "CAA"
  ttl          = 3600

  rrdatas = concat(
    [for issuer in sort(var.certificate_issuers) : "0 issue \"${issuer}\""],
    ["0 issuewild \";\""],
    var.incident_contact == null ? [] : ["0 iodef \"${var.incident_contact}\""],
  )
}

# What the parent zone has to say for the signatures to count.
data "google_dns_keys" "public" {
  count = var.create_zone ? 1 : 0

  project      = var.project_id
  managed_zone = google_dns_managed_zone.public[0].id
}
