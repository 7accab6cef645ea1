# Google's interfaces under addresses of their own, so that pods reach Cloud KMS and Secret Manager
# while network policies admit nothing else outside: private.googleapis.com, 199.36.153.8/30.
# https://cloud.google.com/vpc/docs/configure-private-google-access
locals {
  private_api_range     = "199.36.153.8/30"
  private_api_addresses = [for host in range(4) : cidrhost(local.private_api_range, host)]

  # Images come from pkg.dev, GKE's own from gcr.io.
  private_domains = toset(["googleapis.com", "pkg.dev", "gcr.io"])
}

resource "google_dns_managed_zone" "private" {
  for_each = local.private_domains

  project     = var.project_id
  name        = "${var.name}-${replace(each.value, ".", "-")}"
  dns_name    = "${each.value}."
  description = "Google's interfaces at ${local.private_api_range}"
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }
}

# googleapis.com itself is nobody's name there; its record carries private.googleapis.com.
resource "google_dns_record_set" "address" {
  for_each = google_dns_managed_zone.private

  project      = var.project_id
  managed_zone = each.value.name
  name         = each.key == "googleapis.com" ? "private.googleapis.com." : "${each.key}."
  type         = "A"
  ttl          = 300
  rrdatas      = local.private_api_addresses
}

resource "google_dns_record_set" "names" {
  for_each = google_dns_managed_zone.private

  project      = var.project_id
  managed_zone = each.value.name
  name         = "*.${each.key}."
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.address[each.key].name]
}

# Who asked for which name: data that leaves by DNS is seen here and nowhere else.
resource "google_dns_policy" "logged" {
  project        = var.project_id
  name           = "${var.name}-logged"
  enable_logging = true

  networks {
    network_url = google_compute_network.this.id
  }
}
