resource "google_container_cluster" "this" {
  project         = var.project_id
  location        = var.region
  name            = var.name
  resource_labels = var.labels

  deletion_protection = var.deletion_protection

  network         = var.network_id
  subnetwork      = var.subnetwork_id
  networking_mode = "VPC_NATIVE"

  # Dataplane V2: without it network policies are taken and silently not enforced.
  datapath_provider           = "ADVANCED_DATAPATH"
  enable_intranode_visibility = true

  # GKE makes every cluster with a pool; ours is a resource of its own, and this one goes at once.
  remove_default_node_pool = true
  initial_node_count       = 1

  enable_shielded_nodes = true
  enable_legacy_abac    = false

  ip_allocation_policy {
    cluster_secondary_range_name  = var.secondary_ranges.pods
    services_secondary_range_name = var.secondary_ranges.services
  }

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = var.private_endpoint
    master_ipv4_cidr_block  = var.control_plane_cidr
  }

  # An empty block still closes the public address to everybody but the VPC.
  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled = false

    dynamic "cidr_blocks" {
      for_each = var.authorized_networks

      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }

  anonymous_authentication_config {
    mode = "LIMITED" # health alone is answered without a credential
  }

  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }

  dynamic "authenticator_groups_config" {
    for_each = var.security_group[*]

    content {
      security_group = authenticator_groups_config.value
    }
  }

  workload_identity_config {
    workload_pool = local.workload_pool
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.encryption_key_name
  }

  dynamic "binary_authorization" {
    for_each = var.binary_authorization ? ["on"] : []

    content {
      evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
    }
  }

  security_posture_config {
    mode = "BASIC"
  }

  release_channel {
    channel = var.release_channel
  }

  maintenance_policy {
    recurring_window {
      start_time = var.maintenance_window.start
      end_time   = var.maintenance_window.end
      recurrence = var.maintenance_window.recurrence
    }
  }

  logging_config {
    enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"]
  }

  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "POD", "DEPLOYMENT", "HPA"]

    managed_prometheus {
      enabled = var.managed_prometheus
    }

    # Which policy refused which packet: the dataplane's own counters.
    advanced_datapath_observability_config {
      enable_metrics = true
      enable_relay   = false
    }
  }

  cost_management_config {
    enabled = true
  }

  # The files under /var/run/secrets come by this driver (kubernetes/base/secret-provider-classes.yaml).
  secret_manager_config {
    enabled = true
  }

  gateway_api_config {
    channel = "CHANNEL_STANDARD"
  }

  addons_config {
    http_load_balancing {
      disabled = false
    }

    horizontal_pod_autoscaling {
      disabled = false
    }

    dns_cache_config {
      enabled = true
    }

    gce_persistent_disk_csi_driver_config {
      enabled = true
    }
  }

  node_pool_defaults {
    node_config_defaults {
      insecure_kubelet_readonly_port_enabled = "FALSE"
    }
  }

  # For the pool that goes at once: not even for minutes a node of the project's default account.
  node_config {
    service_account   = google_service_account.nodes.email
    boot_disk_kms_key = var.encryption_key_name
    tags              = [var.node_tag]

    shielded_instance_config {
      enable_secure_boot          = true
      enable_integrity_monitoring = true
    }

    workload_metadata_config {
      mode = "GKE_METADATA"
    }
  }

  lifecycle {
    ignore_changes = [node_config, initial_node_count]

    precondition {
      condition     = var.private_endpoint || length(var.authorized_networks) > 0
      error_message = "A control plane with a public address needs authorized_networks: otherwise nobody could deploy."
    }
  }

  depends_on = [google_project_iam_member.nodes]
}

locals {
  workload_pool = "${var.project_id}.svc.id.goog"
  node_account  = "${google_service_account.nodes.account_id}@${var.project_id}.iam.gserviceaccount.com"
}
