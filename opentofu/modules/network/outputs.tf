output "network_id" {
  description = "The network, once Google's services are peered with it: whoever takes it from here waits for that."
  value       = google_compute_network.this.id

  depends_on = [google_service_networking_connection.private_services]
}

output "network_name" {
  description = "Name of the network."
  value       = google_compute_network.this.name
}

output "subnetwork_id" {
  description = "The subnetwork of the nodes, once Cloud NAT and the private names are there: nodes boot from registries."
  value       = google_compute_subnetwork.nodes.id

  depends_on = [google_compute_router_nat.this, google_dns_record_set.names]
}

output "secondary_ranges" {
  description = "Names of the ranges of pods and services."
  value       = { pods = "pods", services = "services" }
}

output "ranges" {
  description = "Addresses of nodes, pods, services, control plane, database and Redis, for network policies."
  value       = local.named_ranges
}

output "private_services" {
  description = "Names of the ranges that Cloud SQL and Memorystore take addresses from."
  value       = { for service, range in google_compute_global_address.private_services : service => range.name }

  depends_on = [google_service_networking_connection.private_services]
}

output "private_api_range" {
  description = "Where pods reach Google's interfaces."
  value       = local.private_api_range
}

output "node_tag" {
  description = "The tag by which the firewall knows the nodes."
  value       = local.node_tag
}

output "ingress_address" {
  description = "The public address of our own Ingress; null where it is another product's."
  value       = one(google_compute_global_address.ingress[*].address)
}

output "ingress_address_name" {
  description = "What the Ingress is annotated with; null where the address is another product's."
  value       = one(google_compute_global_address.ingress[*].name)
}
