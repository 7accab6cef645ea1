locals {
  # One word for each range that lies inside: what the firewall admits as our own.
  inside   = concat(values(var.ranges), values(var.private_services))
  node_tag = "${var.name}-node"
}

resource "google_compute_network" "this" {
  project                 = var.project_id
  name                    = var.name
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "nodes" {
  project                  = var.project_id
  region                   = var.region
  name                     = "${var.name}-nodes"
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.ranges.nodes
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.ranges.pods
  }

  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.ranges.services
  }

  log_config {
    aggregation_interval = "INTERVAL_1_MIN"
    flow_sampling        = var.flow_log_sampling
    metadata             = "INCLUDE_ALL_METADATA"
  }

  lifecycle {
    precondition {
      condition     = length(local.overlapping) == 0
      error_message = "Ranges overlap: ${join(", ", local.overlapping)}."
    }
  }
}

# Nodes have no public address; what leaves for the internet leaves here, and the refused is logged.
resource "google_compute_router" "this" {
  project = var.project_id
  region  = var.region
  name    = "${var.name}-router"
  network = google_compute_network.this.id
}

resource "google_compute_router_nat" "this" {
  project                            = var.project_id
  region                             = var.region
  name                               = "${var.name}-nat"
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.nodes.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# Private services access: one range for Cloud SQL and one for Memorystore, so that a network policy
# can admit the one without the other.
resource "google_compute_global_address" "private_services" {
  for_each = var.private_services

  project       = var.project_id
  name          = "${var.name}-${each.key}"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  network       = google_compute_network.this.id
  address       = split("/", each.value)[0]
  prefix_length = tonumber(split("/", each.value)[1])
}

resource "google_service_networking_connection" "private_services" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [for range in google_compute_global_address.private_services : range.name]
}

# The public address of our own Ingress, by which DNS names it.
resource "google_compute_global_address" "ingress" {
  count = var.address_name == null ? 0 : 1

  project      = var.project_id
  name         = var.address_name
  address_type = "EXTERNAL"
  ip_version   = "IPV4"
}
