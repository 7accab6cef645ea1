resource "google_container_cluster" "c" {
  name                  = "c"
  location              = "us-central1"
  datapath_provider     = "LEGACY_DATAPATH"
  enable_shielded_nodes = true
  initial_node_count    = 1

  private_cluster_config {
    enable_private_nodes = true
  }

  master_authorized_networks_config {
    cidr_blocks {
      cidr_block = "203.0.113.0/24"
    }
  }

  workload_identity_config {
    workload_pool = "p.svc.id.goog"
  }

  database_encryption {
    state    = "ENCRYPTED"
    key_name = "k"
  }
}
