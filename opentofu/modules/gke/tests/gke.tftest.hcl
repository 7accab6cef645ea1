variables {
  project_id          = "coditect-citus-prod"
  network_id          = "projects/coditect-citus-prod/global/networks/coditect-license"
  subnetwork_id       = "projects/coditect-citus-prod/regions/us-central1/subnetworks/coditect-license-nodes"
  node_tag            = "coditect-license-node"
  encryption_key_name = "projects/coditect-citus-prod/locations/us-central1/keyRings/coditect-license-cmek/cryptoKeys/gke"
  authorized_networks = { office = "203.0.113.0/24" }
}

run "outputs" {
  command = apply

  assert {
    condition     = output.workload_pool == "coditect-citus-prod.svc.id.goog" && output.location == "us-central1" && output.cluster_name == "coditect-license"
    error_message = "The cluster is regional and has the project's workload pool."
  }

  assert {
    condition     = output.node_service_account == "license-nodes@coditect-citus-prod.iam.gserviceaccount.com" && google_container_node_pool.on_demand.node_config[0].service_account == output.node_service_account
    error_message = "Nodes have an account of their own."
  }

  assert {
    condition     = google_project_iam_member.nodes.role == "roles/container.defaultNodeServiceAccount"
    error_message = "The nodes' account has the one role that nodes need."
  }
}

run "the_cluster" {
  command = plan

  assert {
    condition     = google_container_cluster.this.location == "us-central1"
    error_message = "The cluster is in a region, not in a zone."
  }

  assert {
    condition     = google_container_cluster.this.datapath_provider == "ADVANCED_DATAPATH"
    error_message = "Network policies are enforced by Dataplane V2."
  }

  assert {
    condition     = google_container_cluster.this.workload_identity_config[0].workload_pool == "coditect-citus-prod.svc.id.goog"
    error_message = "Pods are somebody to Google by Workload Identity."
  }

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].master_ipv4_cidr_block == "172.16.0.0/28"
    error_message = "Nodes have no public address."
  }

  assert {
    condition     = google_container_cluster.this.master_authorized_networks_config[0].gcp_public_cidrs_access_enabled == false && [for block in google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks : block.cidr_block] == ["203.0.113.0/24"]
    error_message = "The control plane answers named networks alone."
  }

  assert {
    condition     = google_container_cluster.this.database_encryption[0].state == "ENCRYPTED" && endswith(google_container_cluster.this.database_encryption[0].key_name, "/cryptoKeys/gke")
    error_message = "Secrets in etcd are encrypted with our key."
  }

  assert {
    condition     = google_container_cluster.this.enable_shielded_nodes && google_container_cluster.this.enable_legacy_abac == false && google_container_cluster.this.master_auth[0].client_certificate_config[0].issue_client_certificate == false
    error_message = "Shielded nodes, no legacy ways in."
  }

  assert {
    condition     = google_container_cluster.this.release_channel[0].channel == "REGULAR" && google_container_cluster.this.maintenance_policy[0].recurring_window[0].recurrence == "FREQ=WEEKLY;BYDAY=SA,SU"
    error_message = "Upgrades come by the channel, at the weekend."
  }

  assert {
    condition     = contains(google_container_cluster.this.logging_config[0].enable_components, "WORKLOADS") && contains(google_container_cluster.this.logging_config[0].enable_components, "APISERVER")
    error_message = "What pods and the API server log is kept."
  }

  assert {
    condition     = google_container_cluster.this.monitoring_config[0].managed_prometheus[0].enabled
    error_message = "Managed Prometheus scrapes unless it is switched off."
  }

  assert {
    condition     = google_container_cluster.this.secret_manager_config[0].enabled
    error_message = "The driver that mounts secrets is on."
  }

  assert {
    condition     = google_container_cluster.this.deletion_protection
    error_message = "The cluster is not deleted by mistake."
  }

  assert {
    condition     = length(google_container_cluster.this.binary_authorization) == 0
    error_message = "Binary Authorization begins when somebody has written its policy."
  }
}

run "the_nodes" {
  command = plan

  assert {
    condition     = google_container_node_pool.on_demand.node_config[0].spot == false && google_container_node_pool.on_demand.node_config[0].preemptible == false
    error_message = "The licence authority runs on demand."
  }

  assert {
    condition     = google_container_node_pool.on_demand.autoscaling[0].min_node_count == 1 && google_container_node_pool.on_demand.autoscaling[0].max_node_count == 4
    error_message = "The pool grows by itself."
  }

  assert {
    condition     = google_container_node_pool.on_demand.node_config[0].workload_metadata_config[0].mode == "GKE_METADATA"
    error_message = "Pods never see the node's account."
  }

  assert {
    condition     = google_container_node_pool.on_demand.node_config[0].shielded_instance_config[0].enable_secure_boot && google_container_node_pool.on_demand.node_config[0].shielded_instance_config[0].enable_integrity_monitoring
    error_message = "Nodes boot what is signed."
  }

  assert {
    condition     = google_container_node_pool.on_demand.management[0].auto_repair && google_container_node_pool.on_demand.management[0].auto_upgrade
    error_message = "Nodes are mended and upgraded."
  }

  assert {
    condition     = google_container_node_pool.on_demand.upgrade_settings[0].max_unavailable == 0
    error_message = "An upgrade takes no node away before another is there."
  }

  assert {
    condition     = endswith(google_container_node_pool.on_demand.node_config[0].boot_disk_kms_key, "/cryptoKeys/gke")
    error_message = "Disks are encrypted with our key."
  }
}

run "binary_authorization_by_variable" {
  command = plan

  variables {
    binary_authorization = true
    managed_prometheus   = false
    security_group       = "gke-security-groups@coditect.ai"
  }

  assert {
    condition     = google_container_cluster.this.binary_authorization[0].evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE"
    error_message = "The project's policy decides which images run."
  }

  assert {
    condition     = google_container_cluster.this.monitoring_config[0].managed_prometheus[0].enabled == false
    error_message = "Another Prometheus scrapes."
  }

  assert {
    condition     = google_container_cluster.this.authenticator_groups_config[0].security_group == "gke-security-groups@coditect.ai"
    error_message = "RBAC may name groups."
  }
}

run "a_private_endpoint_needs_no_networks" {
  command = plan

  variables {
    private_endpoint    = true
    authorized_networks = {}
  }

  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_endpoint && length(google_container_cluster.this.master_authorized_networks_config) == 1
    error_message = "The control plane has no public address, and the list stays on."
  }
}

run "a_public_endpoint_without_networks_is_refused" {
  command = plan

  variables {
    authorized_networks = {}
  }

  expect_failures = [google_container_cluster.this]
}

run "the_internet_is_refused" {
  command = plan

  variables {
    authorized_networks = { all = "0.0.0.0/0" }
  }

  expect_failures = [var.authorized_networks]
}

run "a_zone_is_refused" {
  command = plan

  variables {
    region = "us-central1-a"
  }

  expect_failures = [var.region]
}

run "shared_cores_are_refused" {
  command = plan

  variables {
    machine_type = "e2-medium"
  }

  expect_failures = [var.machine_type]
}

run "no_nodes_are_refused" {
  command = plan

  variables {
    nodes_per_zone = { least = 0, most = 4 }
  }

  expect_failures = [var.nodes_per_zone]
}

run "a_bad_channel_is_refused" {
  command = plan

  variables {
    release_channel = "NONE"
  }

  expect_failures = [var.release_channel]
}

run "a_bad_window_is_refused" {
  command = plan

  variables {
    maintenance_window = { start = "Saturday", end = "Sunday", recurrence = "sometimes" }
  }

  expect_failures = [var.maintenance_window]
}

run "a_bad_control_plane_is_refused" {
  command = plan

  variables {
    control_plane_cidr = "172.16.0.0/24"
  }

  expect_failures = [var.control_plane_cidr]
}

run "no_key_is_refused" {
  command = plan

  variables {
    encryption_key_name = ""
  }

  expect_failures = [var.encryption_key_name]
}

run "a_bad_group_is_refused" {
  command = plan

  variables {
    security_group = "admins@coditect.ai"
  }

  expect_failures = [var.security_group]
}

run "a_small_disk_is_refused" {
  command = plan

  variables {
    disk_size_gb = 10
  }

  expect_failures = [var.disk_size_gb]
}
