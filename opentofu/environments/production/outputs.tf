output "cluster" {
  description = "For gcloud container clusters get-credentials."
  value       = { name = module.gke.cluster_name, location = module.gke.location, project = var.project_id }
}

output "environment_config" {
  description = "What the ConfigMap environment-config must say of the signing key."
  value       = module.kms.environment_config
}

output "kubernetes_accounts" {
  description = "Account of Google for each Kubernetes account, for the annotation iam.gke.io/gcp-service-account."
  value       = { for workload, account in module.identity.kubernetes_accounts : account => module.identity.emails[workload] }
}

output "addresses" {
  description = "Addresses that network policies and settings name."
  value = {
    database    = module.cloudsql.private_ip_address
    redis       = module.redis.host
    ranges      = module.network.ranges
    private_api = module.network.private_api_range
    ingress     = module.network.ingress_address
  }
}

output "server_ca_certificates" {
  description = "Authorities of the database and of Redis (PEM, public), for the ConfigMap license-authorities."
  value       = { database = module.cloudsql.server_ca_certificates, redis = module.redis.server_ca_certificates }
}

output "repository" {
  description = "Where images are pushed; the image is license-server."
  value       = module.registry.repository
}

output "secrets" {
  description = "Every secret and who reads it. Values are added by hand."
  value       = module.secrets.readers
}

output "security_policy" {
  description = "What backend and frontend configurations name."
  value       = { policy = module.cloud_armor.policy_name, ssl_policy = module.cloud_armor.ssl_policy_name }
}

output "previewed_rules" {
  description = "Rules of Cloud Armor that are logged and not enforced yet."
  value       = module.cloud_armor.previewed_rules
}

output "max_connections" {
  description = "Connections that the database admits, of all workloads together."
  value       = module.cloudsql.max_connections
}

output "evidence_bucket" {
  description = "Where the incident tool keeps evidence."
  value       = module.logging.evidence_bucket
}
