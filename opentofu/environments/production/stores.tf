# What holds data, and the keys that it is encrypted and signed with.
module "kms" {
  source = "../../modules/kms"

  project_id               = local.project_id
  project_number           = data.google_project.cluster.number
  kms_project_id           = local.kms_project_id
  location                 = var.region
  signing_protection_level = var.signing.protection_level
  signers                  = [module.identity.members["api"], module.identity.members["console"]]
  rotators                 = var.signing.rotators
  expect_standby           = var.signing.expect_standby
  labels                   = local.labels
}

module "cloudsql" {
  source = "../../modules/cloudsql"

  project_id             = local.project_id
  region                 = var.region
  network_id             = module.network.network_id
  allocated_ip_range     = module.network.private_services["sql"]
  encryption_key_name    = module.kms.cmek_key_ids["cloudsql"]
  edition                = var.database.edition
  tier                   = var.database.tier
  availability_type      = var.database.availability_type
  disk_size_gb           = var.database.disk_size_gb
  retained_backups       = var.database.retained_backups
  max_connections        = var.database.max_connections
  owner_password         = var.owner_password
  owner_password_version = var.owner_password_version
  deletion_protection    = var.deletion_protection
  labels                 = local.labels
}

module "redis" {
  source = "../../modules/redis"

  project_id          = local.project_id
  region              = var.region
  network_id          = module.network.network_id
  reserved_ip_range   = module.network.private_services["redis"]
  encryption_key_name = module.kms.cmek_key_ids["redis"]
  tier                = var.redis.tier
  memory_size_gb      = var.redis.memory_size_gb
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "secrets" {
  source = "../../modules/secrets"

  project_id          = local.project_id
  location            = var.region
  encryption_key_name = module.kms.cmek_key_ids["secrets"]
  readers             = merge(module.identity.members, { balancer = var.operators })
  deletion_protection = var.deletion_protection
  labels              = local.labels
}

module "registry" {
  source = "../../modules/registry"

  project_id          = local.project_id
  location            = var.region
  encryption_key_name = module.kms.cmek_key_ids["registry"]
  readers             = [module.gke.node_member]
  writers             = var.image_writers
  labels              = local.labels
}
