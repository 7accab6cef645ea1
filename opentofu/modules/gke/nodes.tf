# The nodes' own account, with what a node needs and no more: logs, metrics, and reading our images,
# which module registry grants on the one repository.
resource "google_service_account" "nodes" {
  project      = var.project_id
  account_id   = "license-nodes"
  display_name = "Nodes of ${var.name}"
  description  = "What nodes are to Google. Pods are somebody else each, by Workload Identity."
}

resource "google_project_iam_member" "nodes" {
  project = var.project_id
  role    = "roles/container.defaultNodeServiceAccount"
  member  = google_service_account.nodes.member
}

# On demand: pre-emptible nodes may all go together, and with them everybody who renews leases.
resource "google_container_node_pool" "on_demand" {
  project  = var.project_id
  location = var.region
  cluster  = google_container_cluster.this.name
  name     = "on-demand"

  initial_node_count = var.nodes_per_zone.least

  autoscaling {
    min_node_count  = var.nodes_per_zone.least
    max_node_count  = var.nodes_per_zone.most
    location_policy = "BALANCED"
  }

  management {
    auto_repair  = true
    auto_upgrade = true
  }

  # A new node first, then an old one goes: an upgrade never has fewer nodes than before it.
  upgrade_settings {
    strategy        = "SURGE"
    max_surge       = 1
    max_unavailable = 0
  }

  network_config {
    enable_private_nodes = true
  }

  node_config {
    machine_type      = var.machine_type
    image_type        = "COS_CONTAINERD"
    disk_type         = "pd-balanced"
    disk_size_gb      = var.disk_size_gb
    boot_disk_kms_key = var.encryption_key_name
    service_account   = google_service_account.nodes.email
    oauth_scopes      = ["https://www.googleapis.com/auth/cloud-platform"] # roles decide, not scopes
    spot              = false
    preemptible       = false
    resource_labels   = var.labels
    tags              = [var.node_tag]

    metadata = {
      disable-legacy-endpoints = "true"
    }

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    # Pods see GKE's metadata server and never the node's own account.
    workload_metadata_config {
      mode = "GKE_METADATA"
    }

    kubelet_config {
      insecure_kubelet_readonly_port_enabled = "FALSE"
      pod_pids_limit                         = 2048
    }
  }

  lifecycle {
    ignore_changes = [initial_node_count] # the autoscaler's
  }
}
