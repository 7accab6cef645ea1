# What the world meets: the policy that backend configurations name, and the names of hosts.
module "cloud_armor" {
  source = "../../modules/cloud-armor"

  project_id                = local.project_id
  min_tls_version           = var.edge.min_tls_version
  preview_by_default        = var.edge.preview_by_default
  preview                   = var.edge.preview
  allowed_countries         = var.edge.allowed_countries
  denied_countries          = var.edge.denied_countries
  allowed_ip_ranges         = var.edge.allowed_ip_ranges
  denied_ip_ranges          = var.edge.denied_ip_ranges
  seats_per_address         = var.edge.seats_per_address
  log_level                 = var.edge.log_level
  enterprise                = var.edge.enterprise
  threat_intelligence_feeds = var.edge.threat_intelligence_feeds
  incident                  = var.incident
  temporary_blocks          = var.temporary_blocks
}

# Behind another product's address its owner keeps the names.
module "dns" {
  count  = var.network.own_address ? 1 : 0
  source = "../../modules/dns"

  project_id       = local.project_id
  domain           = var.dns.domain
  zone_name        = var.dns.zone_name
  create_zone      = var.dns.create_zone
  incident_contact = var.dns.incident_contact
  hosts = {
    for host in [var.license_host, var.staff_host] : host => { ipv4 = module.network.ingress_address }
  }
  labels = local.labels
}
