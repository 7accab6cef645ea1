# Nothing comes in but what is named here and what GKE adds for its own nodes; nothing goes out but to
# ourselves and by HTTPS. What is refused is logged. Network policies say the same more narrowly for pods.
resource "google_compute_firewall" "health_checks" {
  project       = var.project_id
  name          = "${var.name}-allow-health-checks"
  description   = "Google's load balancers and their health checks, to the container's port"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = ["8000"]
  }
}

resource "google_compute_firewall" "iap_ssh" {
  count = var.allow_iap_ssh ? 1 : 0

  project       = var.project_id
  name          = "${var.name}-allow-iap-ssh"
  description   = "People, through Google's identity-aware proxy"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = ["35.235.240.0/20"]
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = ["22"]
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

# 65534: behind the rules that GKE and its load balancers make at 1000 and 65533.
resource "google_compute_firewall" "deny_ingress" {
  project       = var.project_id
  name          = "${var.name}-deny-ingress"
  description   = "All else, logged"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_firewall" "egress_inside" {
  project            = var.project_id
  name               = "${var.name}-allow-egress-inside"
  description        = "Nodes, pods, services, control plane, database and Redis"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = local.inside

  allow {
    protocol = "all"
  }
}

resource "google_compute_firewall" "egress_https" {
  project            = var.project_id
  name               = "${var.name}-allow-egress-https"
  description        = "Google's interfaces, keys of trusted issuers and PagerDuty"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1100
  destination_ranges = ["0.0.0.0/0"]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "deny_egress" {
  project            = var.project_id
  name               = "${var.name}-deny-egress"
  description        = "All else, logged"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
