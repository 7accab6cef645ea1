variable "project_id" {
  description = "Project of the secrets: the cluster's."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "location" {
  description = "The one region in which the secrets are kept: their key's."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location must be a region such as us-central1: the key is there."
  }
}

variable "encryption_key_name" {
  description = "The key that encrypts the secrets (projects/…/cryptoKeys/secrets), which Secret Manager's account may use already (module kms grants it)."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key."
  }
}

variable "secrets" {
  description = "Every secret by name: what it is, and which readers have it. Values come by hand, as versions; none is here."
  type = map(object({
    purpose = string
    readers = set(string)
  }))
  default = {
    license-django-secret-key    = { purpose = "DJANGO_SECRET_KEY: sessions and forms of the staff's pages", readers = ["console"] }
    license-key-pepper-1         = { purpose = "LICENSE_KEY_PEPPER_1: finds stored license keys", readers = ["api", "console"] }
    license-audit-key            = { purpose = "LICENSE_AUDIT_KEY: signs checkpoints of the audit", readers = ["worker"] }
    license-database-url         = { purpose = "LICENSE_DATABASE_URL: the login license_control", readers = ["api", "console", "worker"] }
    license-leasing-database-url = { purpose = "LICENSE_LEASING_DATABASE_URL: the login license_leasing", readers = ["api", "console", "worker"] }
    license-migrate-database-url = { purpose = "LICENSE_DATABASE_URL of the migration: the login license_owner", readers = ["migrate"] }
    license-redis-password       = { purpose = "LICENSE_REDIS_PASSWORD: AUTH of Redis", readers = ["api", "console"] }
    license-iap-client           = { purpose = "OAuth client of the proxy before the staff's host, for the load balancer", readers = ["balancer"] }
    license-pagerduty-key        = { purpose = "PAGERDUTY_KEY: pages whoever is on call", readers = ["evidence"] }
  }

  validation {
    condition     = length(var.secrets) > 0 && alltrue([for name in keys(var.secrets) : can(regex("^license-[a-z0-9-]{1,50}$", name))])
    error_message = "secrets must be named license-…"
  }

  validation {
    condition     = alltrue([for secret in values(var.secrets) : length(secret.readers) > 0])
    error_message = "secrets must have a reader each: one that nobody reads is not needed."
  }
}

variable "readers" {
  description = "Who each reader is: a member of a policy. balancer is whoever brings the OAuth client into the cluster."
  type        = map(string)

  validation {
    condition     = alltrue([for member in values(var.readers) : can(regex("^(serviceAccount|user|group):[^@]+@[^@]+$", member))])
    error_message = "readers must be serviceAccount:…, group:… or user:…, never everybody."
  }

  validation {
    condition     = length(setsubtract(flatten([for secret in values(var.secrets) : secret.readers]), keys(var.readers))) == 0
    error_message = "readers must name a member for every reader of a secret."
  }
}

variable "destroy_days" {
  description = "Days between the order to destroy a version and its destruction, in which the order can be taken back."
  type        = number
  default     = 30

  validation {
    condition     = var.destroy_days >= 1 && var.destroy_days <= 1000 && floor(var.destroy_days) == var.destroy_days
    error_message = "destroy_days must be whole days from 1 to 1000."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete a secret. Off only to take an installation down."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of every secret."
  type        = map(string)
  default     = {}
}
