variable "project_id" {
  description = "Project of the instance: the cluster's."
  type        = string
}

variable "region" {
  description = "Region of the instance, of its key and of the cluster."
  type        = string
  default     = "us-central1"
}

variable "name" {
  description = "Name of the instance. After a deletion it cannot be used again for a week."
  type        = string
  default     = "coditect-license-db"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,83}$", var.name))
    error_message = "name must be lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "database_version" {
  description = "Version of PostgreSQL: 16 or newer, of which the roles need WITH INHERIT FALSE."
  type        = string
  default     = "POSTGRES_16"

  validation {
    condition     = contains(["POSTGRES_16", "POSTGRES_17", "POSTGRES_18"], var.database_version)
    error_message = "database_version must be POSTGRES_16, POSTGRES_17 or POSTGRES_18."
  }
}

variable "edition" {
  description = "Cloud SQL's edition. Said always: from PostgreSQL 16 on Google's own default is ENTERPRISE_PLUS, which refuses db-custom tiers."
  type        = string
  default     = "ENTERPRISE"

  validation {
    condition     = contains(["ENTERPRISE", "ENTERPRISE_PLUS"], var.edition)
    error_message = "edition must be ENTERPRISE or ENTERPRISE_PLUS."
  }
}

variable "tier" {
  description = "Machine: db-custom-CORES-MEGABYTES for ENTERPRISE, db-perf-optimized-N-CORES for ENTERPRISE_PLUS. docs/capacity.md says how many cores a number of leases takes."
  type        = string
  default     = "db-custom-2-7680"

  validation {
    condition     = can(regex("^db-(custom-[0-9]+-[0-9]+|perf-optimized-N-[0-9]+)$", var.tier))
    error_message = "tier must be db-custom-CORES-MEGABYTES or db-perf-optimized-N-CORES: shared cores have no availability promise."
  }

  validation {
    condition     = !startswith(var.tier, "db-custom-") || var.edition == "ENTERPRISE"
    error_message = "a db-custom tier needs edition ENTERPRISE; Cloud SQL answers \"Invalid Tier\" otherwise."
  }

  validation {
    condition     = !startswith(var.tier, "db-perf-optimized-") || var.edition == "ENTERPRISE_PLUS"
    error_message = "a db-perf-optimized tier needs edition ENTERPRISE_PLUS."
  }
}

variable "availability_type" {
  description = "REGIONAL keeps a standby in another zone, which takes over; ZONAL does not."
  type        = string
  default     = "REGIONAL"

  validation {
    condition     = contains(["REGIONAL", "ZONAL"], var.availability_type)
    error_message = "availability_type must be REGIONAL or ZONAL."
  }
}

variable "disk_size_gb" {
  description = "Size of the disk at first, in gigabytes. It grows by itself and never shrinks."
  type        = number
  default     = 50

  validation {
    condition     = var.disk_size_gb >= 10
    error_message = "disk_size_gb must be 10 or more."
  }
}

variable "disk_autoresize_limit_gb" {
  description = "Size that the disk does not grow past, in gigabytes; 0 for no limit."
  type        = number
  default     = 500

  validation {
    condition     = var.disk_autoresize_limit_gb == 0 || var.disk_autoresize_limit_gb >= var.disk_size_gb
    error_message = "disk_autoresize_limit_gb must be 0 or at least disk_size_gb."
  }
}

variable "network_id" {
  description = "The VPC in which the instance has its private address (projects/…/global/networks/…). Its private services access must be there before."
  type        = string
}

variable "allocated_ip_range" {
  description = "Name of the private services access range that the address is taken from; the network policies admit that range."
  type        = string
  default     = null
}

variable "encryption_key_name" {
  description = "The key that encrypts disk and backups (projects/…/cryptoKeys/cloudsql), which Cloud SQL's account may use already (module kms grants it). Cannot be changed afterwards."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key: without one Google's own key encrypts, and it cannot be taken away from them."
  }
}

variable "server_ca_mode" {
  description = "Who signs the server's certificate: GOOGLE_MANAGED_INTERNAL_CA, an authority of the instance alone (sslmode=verify-ca), or GOOGLE_MANAGED_CAS_CA, one of the region with a DNS name (sslmode=verify-full)."
  type        = string
  default     = "GOOGLE_MANAGED_INTERNAL_CA"

  validation {
    condition     = contains(["GOOGLE_MANAGED_INTERNAL_CA", "GOOGLE_MANAGED_CAS_CA"], var.server_ca_mode)
    error_message = "server_ca_mode must be GOOGLE_MANAGED_INTERNAL_CA or GOOGLE_MANAGED_CAS_CA."
  }
}

variable "retained_backups" {
  description = "Daily backups that are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.retained_backups >= 7 && var.retained_backups <= 365
    error_message = "retained_backups must be 7 to 365."
  }
}

variable "transaction_log_retention_days" {
  description = "Days back to any second of which the database can be restored."
  type        = number
  default     = 7

  validation {
    condition     = var.transaction_log_retention_days >= 1 && var.transaction_log_retention_days <= (var.edition == "ENTERPRISE_PLUS" ? 35 : 7)
    error_message = "transaction_log_retention_days must be 1 to 7 (ENTERPRISE) or 1 to 35 (ENTERPRISE_PLUS)."
  }
}

variable "backup_location" {
  description = "Where backups lie: a region or multi-region (us). They are encrypted with the instance's key."
  type        = string
  default     = "us"
}

variable "backup_start_time" {
  description = "When the daily backup begins, HH:MM, UTC."
  type        = string
  default     = "07:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup_start_time))
    error_message = "backup_start_time must be HH:MM."
  }
}

variable "maintenance_window" {
  description = "When Cloud SQL may restart the instance: day 1 (Monday) to 7, hour of the day in UTC, and how early it takes updates (canary, stable, week5)."
  type = object({
    day          = number
    hour         = number
    update_track = string
  })
  default = { day = 7, hour = 8, update_track = "stable" }

  validation {
    condition     = var.maintenance_window.day >= 1 && var.maintenance_window.day <= 7 && var.maintenance_window.hour >= 0 && var.maintenance_window.hour <= 23 && contains(["canary", "stable", "week5"], var.maintenance_window.update_track)
    error_message = "maintenance_window must be a day from 1 to 7, an hour from 0 to 23, and canary, stable or week5."
  }
}

variable "max_connections" {
  description = "Connections that PostgreSQL admits. Every server process holds two and one more for each management call under way (docs/capacity.md); the sum over all replicas is checked against it. 400 is what Cloud SQL gives 7.5 GB of memory."
  type        = number
  default     = 400

  validation {
    condition     = var.max_connections >= 50 && var.max_connections <= 5000 && floor(var.max_connections) == var.max_connections
    error_message = "max_connections must be a whole number from 50 to 5000: a connection takes megabytes, so more want a pooler."
  }
}

variable "slow_statement_milliseconds" {
  description = "Statements that take longer are logged with their text, in which the control plane's literals are; -1 for none: Query Insights shows slow statements without literals."
  type        = number
  default     = -1

  validation {
    condition     = var.slow_statement_milliseconds == -1 || var.slow_statement_milliseconds >= 100
    error_message = "slow_statement_milliseconds must be -1 or at least 100."
  }
}

variable "more_database_flags" {
  description = "Flags beside the module's own."
  type        = map(string)
  default     = {}

  validation {
    condition     = !anytrue([for name in keys(var.more_database_flags) : startswith(name, "log_") || startswith(name, "pgaudit.") || contains(["cloudsql.enable_pgaudit", "max_connections"], name)])
    error_message = "more_database_flags must not change what is logged or max_connections: what is told of statements is the module's, the connections are a variable."
  }
}

variable "databases" {
  description = "Databases of the instance."
  type        = set(string)
  default     = ["license"]
}

variable "owner_login" {
  description = "The login that owns the tables and migrates; no server knows its password."
  type        = string
  default     = "license_owner"
}

variable "owner_password" {
  description = "The owner's password. Ephemeral: in no state and no plan. Sent when owner_password_version changes."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = null

  validation {
    condition     = var.owner_password == null || length(coalesce(var.owner_password, "")) >= 24
    error_message = "owner_password must have 24 characters or more."
  }
}

variable "owner_password_version" {
  description = "Count it up to have owner_password sent again."
  type        = number
  default     = 1
}

variable "deletion_protection" {
  description = "Refuse to delete the instance, here and in Google's API. Off only to take an installation down, and then prevent_destroy has to go too."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of the instance."
  type        = map(string)
  default     = {}
}
