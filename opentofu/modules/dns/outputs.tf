output "zone_name" {
  description = "The managed zone."
  value       = local.zone
}

output "name_servers" {
  description = "What the parent delegates to; empty where the zone is not made here."
  value       = var.create_zone ? google_dns_managed_zone.public[0].name_servers : []
}

output "ds_records" {
  description = "DS records that the parent must publish, or the signatures count for nothing; empty where the zone is not made here."
  value       = try([for key in data.google_dns_keys.public[0].key_signing_keys : key.ds_record], [])
}

output "hosts" {
  description = "The host names."
  value       = keys(var.hosts)
}
