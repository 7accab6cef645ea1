# The AUTH string is no output: a person reads it once, by gcloud, into Secret Manager.

output "instance_name" {
  description = "Name of the instance."
  value       = google_redis_instance.cache.name
}

output "host" {
  description = "The address, which the server's certificate names."
  value       = google_redis_instance.cache.host
}

output "port" {
  description = "The port, of TLS alone."
  value       = local.tls_port
}

output "server_ca_certificates" {
  description = "Authorities that vouch for the server (PEM), for LICENSE_REDIS_CA_FILE. Public; two during a rotation."
  value       = try([for authority in google_redis_instance.cache.server_ca_certs : authority.cert], [])
}
