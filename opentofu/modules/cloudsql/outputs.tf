output "instance_name" {
  description = "Name of the instance, for backups and restores."
  value       = google_sql_database_instance.postgres.name
}

output "connection_name" {
  description = "project:region:instance, for the Auth Proxy of a person at work."
  value       = google_sql_database_instance.postgres.connection_name
}

output "private_ip_address" {
  description = "The address in the VPC."
  value       = google_sql_database_instance.postgres.private_ip_address
}

output "port" {
  description = "The port, of TLS alone."
  value       = local.port
}

output "server_ca_certificates" {
  description = "Authorities that vouch for the server (PEM), for sslrootcert. Public; two during a rotation."
  value       = try([for authority in google_sql_database_instance.postgres.server_ca_cert : authority.cert], [])
}

output "databases" {
  description = "Names of the databases."
  value       = var.databases
}

output "logins" {
  description = "Who logs in: the owner, made here, and the servers' two, made by logins.sql."
  value = {
    owner   = var.owner_login
    leasing = "license_leasing"
    control = "license_control"
  }
}

output "max_connections" {
  description = "Connections that PostgreSQL admits, of all logins together."
  value       = var.max_connections
}
