output "secret_ids" {
  description = "Resource name of each secret, by name."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.id }
}

output "readers" {
  description = "Who reads each secret, by name: members of a policy."
  value       = { for name, secret in var.secrets : name => sort([for reader in secret.readers : var.readers[reader]]) }
}

output "reader_emails" {
  description = "The same as e-mail addresses, for alerts on everybody else."
  value       = { for name, secret in var.secrets : name => toset([for reader in secret.readers : split(":", var.readers[reader])[1]]) }
}
