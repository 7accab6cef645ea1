# Values are in terraform.tfvars; the modules say what each may be, and refuse the rest.

variable "environment" {
  description = "Name of the environment, a label of everything."
  type        = string

  validation {
    condition     = contains(["production", "staging"], var.environment)
    error_message = "environment must be production or staging."
  }
}

variable "project_id" {
  description = "Project of cluster, database, Redis, registry and secrets."
  type        = string
}

variable "kms_project_id" {
  description = "Project of the signing key; in production another one."
  type        = string

  validation {
    condition     = var.environment != "production" || var.kms_project_id != var.project_id
    error_message = "kms_project_id must be another project in production: whoever owns the cluster must not own the key."
  }
}

variable "region" {
  description = "Region of everything that has one."
  type        = string
}

variable "license_host" {
  description = "Host name of the programs' API."
  type        = string
}

variable "staff_host" {
  description = "Host name of the staff's pages."
  type        = string

  validation {
    condition     = var.staff_host != var.license_host
    error_message = "staff_host must be a host of its own: the proxy before it would ask programs to sign in."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the workloads: coditect-app in the form that shares the address."
  type        = string
}

variable "network" {
  description = "Module network: ranges, peered ranges, flow logs; own_address is false where the Ingress is under another product's."
  type = object({
    own_address       = optional(bool, true)
    flow_log_sampling = optional(number, 0.5)
    allow_iap_ssh     = optional(bool, false)
    ranges = optional(object({
      nodes         = optional(string, "10.10.0.0/22")
      pods          = optional(string, "10.8.0.0/16")
      services      = optional(string, "10.9.0.0/20")
      control_plane = optional(string, "172.16.0.0/28")
    }), {})
    private_services = optional(object({
      sql   = optional(string, "10.67.0.0/16")
      redis = optional(string, "10.159.0.0/16")
    }), {})
  })
}

variable "cluster" {
  description = "Module gke: who reaches the control plane, machines, and what is switched on."
  type = object({
    authorized_networks  = map(string)
    private_endpoint     = optional(bool, false)
    release_channel      = optional(string, "REGULAR")
    managed_prometheus   = optional(bool, true)
    binary_authorization = optional(bool, false)
    security_group       = optional(string)
    machine_type         = string
    nodes_per_zone       = object({ least = number, most = number })
  })
}

variable "database" {
  description = "Module cloudsql: machine, availability, backups, connections."
  type = object({
    edition           = optional(string, "ENTERPRISE")
    tier              = string
    availability_type = string
    disk_size_gb      = number
    retained_backups  = number
    max_connections   = number
  })
}

variable "redis" {
  description = "Module redis: tier and memory."
  type = object({
    tier           = string
    memory_size_gb = number
  })
}

variable "signing" {
  description = "Module kms: where the signing key lives, who rotates it just now, and whether a stand-by must be there."
  type = object({
    protection_level = string
    rotators         = optional(set(string), [])
    expect_standby   = optional(bool, false)
  })
}

variable "edge" {
  description = "Module cloud-armor: countries, lists, what is enforced, seats behind one address."
  type = object({
    allowed_countries         = list(string)
    denied_countries          = optional(list(string), [])
    allowed_ip_ranges         = optional(list(string), [])
    denied_ip_ranges          = optional(list(string), [])
    preview_by_default        = optional(bool, true)
    preview                   = optional(map(bool), {})
    seats_per_address         = optional(number, 500)
    min_tls_version           = optional(string, "TLS_1_2")
    log_level                 = optional(string, "NORMAL")
    enterprise                = optional(bool, false)
    threat_intelligence_feeds = optional(list(string), [])
  })
}

variable "incident" {
  description = "The rule at priority 1 of module cloud-armor; active answers everybody before every other rule."
  type = object({
    active        = optional(bool, false)
    action        = optional(string, "deny(502)")
    src_ip_ranges = optional(list(string), ["*"])
    expression    = optional(string)
  })
  default = {}
}

variable "temporary_blocks" {
  description = "Blocks of an incident (module cloud-armor): what the incident tool blocked and an apply shall not take back."
  type = map(object({
    priority      = number
    action        = optional(string, "deny(403)")
    src_ip_ranges = optional(list(string))
    expression    = optional(string)
  }))
  default = {}
}

variable "dns" {
  description = "Module dns: the domain's zone, made here or there already."
  type = object({
    domain           = string
    zone_name        = string
    create_zone      = bool
    incident_contact = optional(string)
  })
}

variable "identity_platform" {
  description = "Module identity: where people of tenants sign in; null leaves it alone."
  type = object({
    authorized_domains = set(string)
    mfa                = optional(string, "ENABLED")
    allow_tenants      = optional(bool, true)
    tenants            = optional(map(string), {})
  })
  default = null
}

variable "iap" {
  description = "Module identity: whom the proxy before the staff's host lets through; null for no proxy."
  type = object({
    host    = string
    members = set(string)
  })
  default = null
}

variable "operators" {
  description = "The group that brings the OAuth client into the cluster and reads evidence."
  type        = string

  validation {
    condition     = can(regex("^group:[^@]+@[^@]+$", var.operators))
    error_message = "operators must be group:name@domain: people come and go."
  }
}

variable "image_writers" {
  description = "Members that push images: the release pipeline."
  type        = set(string)
  default     = []
}

variable "logs" {
  description = "Module logging: how long, whether for good, and the bucket of evidence."
  type = object({
    retention_days          = number
    lock_retention          = bool
    evidence_bucket_name    = string
    evidence_retention_days = number
  })
}

variable "alerts" {
  description = "Module monitoring: who is told, and where the runbooks are."
  type = object({
    notified_emails = set(string)
    page            = bool
    runbooks_url    = optional(string, "docs/runbooks")
  })
}

variable "deletion_protection" {
  description = "Refuse to delete cluster, database, Redis and secrets."
  type        = bool
  default     = true
}

# Given by TF_VAR_…, at the apply that needs them; in no file, no plan and no state.

variable "owner_password" {
  description = "Password of the database's owner (module cloudsql), sent when owner_password_version changes."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null
}

variable "owner_password_version" {
  description = "Count it up to have owner_password sent again."
  type        = number
  default     = 1
}

variable "pagerduty_service_key" {
  description = "Integration key of PagerDuty (module monitoring), sent when pagerduty_service_key_version changes."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null
}

variable "pagerduty_service_key_version" {
  description = "Count it up to have pagerduty_service_key sent again."
  type        = string
  default     = "1"
}
