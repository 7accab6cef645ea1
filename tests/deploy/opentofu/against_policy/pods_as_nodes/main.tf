resource "google_container_node_pool" "n" {
  name    = "n"
  cluster = "c"

  network_config {
    enable_private_nodes = true
  }

  node_config {
    service_account   = "license-nodes@p.iam.gserviceaccount.com"
    boot_disk_kms_key = "k"
    spot              = false

    shielded_instance_config {
      enable_secure_boot = true
    }

    workload_metadata_config {
      mode = "GCE_METADATA"
    }
  }
}
