# One installation: the same text in every environment, which differ in terraform.tfvars and in where
# their state is.
locals {
  labels          = { product = "coditect-license", environment = var.environment }
  own_kms_project = var.kms_project_id != var.project_id
}

data "google_project" "cluster" {
  project_id = var.project_id
}

module "project" {
  source = "../../modules/project"

  project_id = var.project_id
  services = [
    "artifactregistry.googleapis.com",
    "binaryauthorization.googleapis.com",
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "compute.googleapis.com",
    "container.googleapis.com",
    "dns.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "iap.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "redis.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
  ]
  service_agents = [
    "artifactregistry.googleapis.com",
    "container.googleapis.com",
    "redis.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
  ]
  audited_services = [
    "cloudkms.googleapis.com",
    "cloudsql.googleapis.com",
    "iam.googleapis.com",
    "iap.googleapis.com",
    "secretmanager.googleapis.com",
  ]
}

# The signing key lives in a project of its own, whose every signature is logged there.
module "kms_project" {
  count  = local.own_kms_project ? 1 : 0
  source = "../../modules/project"

  project_id = var.kms_project_id
  services = [
    "cloudkms.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
  ]
  audited_services = ["cloudkms.googleapis.com", "iam.googleapis.com"]
}

locals {
  # Whoever takes a project from here waits for its services.
  project_id     = module.project.project_id
  kms_project_id = local.own_kms_project ? one(module.kms_project[*].project_id) : local.project_id
}

module "network" {
  source = "../../modules/network"

  project_id        = local.project_id
  region            = var.region
  ranges            = var.network.ranges
  private_services  = var.network.private_services
  flow_log_sampling = var.network.flow_log_sampling
  address_name      = var.network.own_address ? "coditect-license-ip" : null
  allow_iap_ssh     = var.network.allow_iap_ssh
}

module "gke" {
  source = "../../modules/gke"

  project_id           = local.project_id
  region               = var.region
  network_id           = module.network.network_id
  subnetwork_id        = module.network.subnetwork_id
  secondary_ranges     = module.network.secondary_ranges
  control_plane_cidr   = module.network.ranges.control_plane
  node_tag             = module.network.node_tag
  encryption_key_name  = module.kms.cmek_key_ids["gke"]
  private_endpoint     = var.cluster.private_endpoint
  authorized_networks  = var.cluster.authorized_networks
  release_channel      = var.cluster.release_channel
  managed_prometheus   = var.cluster.managed_prometheus
  binary_authorization = var.cluster.binary_authorization
  security_group       = var.cluster.security_group
  machine_type         = var.cluster.machine_type
  nodes_per_zone       = var.cluster.nodes_per_zone
  deletion_protection  = var.deletion_protection
  labels               = local.labels
}

module "identity" {
  source = "../../modules/identity"

  project_id        = local.project_id
  kms_project_id    = local.kms_project_id
  workload_pool     = module.gke.workload_pool
  namespace         = var.namespace
  identity_platform = var.identity_platform
  iap               = var.iap
}
