output "cluster_name" {
  description = "Name of the cluster, for gcloud container clusters get-credentials."
  value       = google_container_cluster.this.name
}

output "location" {
  description = "Region of the cluster."
  value       = google_container_cluster.this.location
}

output "workload_pool" {
  description = "The pool of Workload Identity, once the cluster is there: members of it are admitted only then."
  value       = local.workload_pool

  depends_on = [google_container_cluster.this]
}

# Written out, so that a first plan knows it; it waits for the account all the same.
output "node_service_account" {
  description = "E-mail address of the nodes' account, which must be able to read images."
  value       = local.node_account

  depends_on = [google_service_account.nodes]
}

output "node_member" {
  description = "The nodes' account as a member of a policy."
  value       = "serviceAccount:${local.node_account}"

  depends_on = [google_service_account.nodes]
}
