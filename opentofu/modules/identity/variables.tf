variable "project_id" {
  description = "Project of the cluster: holds every account."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "kms_project_id" {
  description = "Project of the signing key, in which the incident tool looks around too."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.kms_project_id))
    error_message = "kms_project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "workload_pool" {
  description = "The cluster's pool of Workload Identity (module gke)."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]\\.svc\\.id\\.goog$", var.workload_pool))
    error_message = "workload_pool must be project.svc.id.goog."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the workloads: coditect-license, or coditect-app where the address is shared."
  type        = string
  default     = "coditect-license"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.namespace))
    error_message = "namespace must be the name of one namespace."
  }
}

variable "accounts" {
  description = "Who our programs are to Google, by workload: the account's name, and the Kubernetes account that may be it (null: none may)."
  type = map(object({
    account_id = string
    ksa        = optional(string)
    purpose    = string
  }))
  default = {
    api      = { account_id = "django-backend", ksa = "license-api", purpose = "Leases seats and signs with Cloud KMS" }
    console  = { account_id = "license-console", ksa = "license-console", purpose = "Management API, console and staff's pages" }
    worker   = { account_id = "license-worker", ksa = "license-worker", purpose = "Seals the audit, counts the ledger, daily work" }
    migrate  = { account_id = "license-migrate", ksa = "license-migrate", purpose = "Migrates the database as its owner" }
    evidence = { account_id = "license-evidence", ksa = "license-evidence", purpose = "Incident tool: observes, backs up, keeps evidence" }
    expiry   = { account_id = "license-incident-expiry", ksa = "license-incident-expiry", purpose = "Incident tool: ends blocks at the edge whose time is over" }
  }

  validation {
    condition     = alltrue([for account in values(var.accounts) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", account.account_id))])
    error_message = "accounts: account_id must be 6 to 30 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for workload in ["api", "console", "worker", "migrate", "evidence", "expiry"] : contains(keys(var.accounts), workload)])
    error_message = "accounts must have api, console, worker, migrate, evidence and expiry: keys, secrets, evidence and the edge's rules are given to them."
  }

  validation {
    condition     = length(distinct([for account in values(var.accounts) : account.account_id])) == length(var.accounts)
    error_message = "accounts must differ: one account for two workloads is the rights of both in either."
  }
}

variable "identity_platform" {
  description = "Identity Platform, where people of tenants sign in; null leaves it alone. Its users come by invitation."
  type = object({
    authorized_domains = set(string)
    mfa                = optional(string, "ENABLED")
    allow_tenants      = optional(bool, true)
    tenants            = optional(map(string), {})
  })
  default = null

  validation {
    condition     = try(contains(["ENABLED", "MANDATORY"], var.identity_platform.mfa), var.identity_platform == null)
    error_message = "identity_platform.mfa must be ENABLED or MANDATORY: nobody is kept from a second factor."
  }

  validation {
    condition     = try(length(var.identity_platform.authorized_domains) > 0 && !contains(var.identity_platform.authorized_domains, "localhost"), var.identity_platform == null)
    error_message = "identity_platform.authorized_domains must name the hosts that sign people in, and localhost is none."
  }

  validation {
    condition     = try(var.identity_platform.allow_tenants || length(var.identity_platform.tenants) == 0, var.identity_platform == null)
    error_message = "identity_platform.tenants need allow_tenants."
  }
}

variable "iap" {
  description = "The identity-aware proxy before the staff's host: whom it lets through, and for which host alone; null for no proxy (kubernetes/components/iap switches it on at the load balancer)."
  type = object({
    host    = string
    members = set(string)
  })
  default = null

  validation {
    condition     = try(can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.iap.host)), false) || var.iap == null
    error_message = "iap.host must be a host name such as admin.coditect.ai."
  }

  validation {
    condition     = try(length(var.iap.members) > 0 && alltrue([for member in var.iap.members : can(regex("^(user|group):[^@]+@[^@]+$", member))]), var.iap == null)
    error_message = "iap.members must be user:… or group:…, one at least, and never everybody."
  }
}
