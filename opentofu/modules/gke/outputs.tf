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

output "node_service_account" {
  description = "E-mail address of the nodes' account, which must be able to read images."
  value       = google_service_account.nodes.email
}

output "node_member" {
  description = "The nodes' account as a member of a policy."
  value       = google_service_account.nodes.member
}
