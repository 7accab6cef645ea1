variable "project_id" {
  description = "Project of the buckets: the cluster's."
  type        = string
}

variable "kms_project_id" {
  description = "Project of the signing key, whose audit logs come here too."
  type        = string
}

variable "location" {
  description = "Region of both buckets and of their key."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location must be a region such as us-central1: the key is there."
  }
}

variable "namespaces" {
  description = "Kubernetes namespaces whose lines of the audit are kept: coditect-license, or coditect-app where the address is shared."
  type        = set(string)
  default     = ["coditect-license"]

  validation {
    condition     = length(var.namespaces) > 0 && alltrue([for name in var.namespaces : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name))])
    error_message = "namespaces must name at least one namespace: none would be no audit."
  }
}

variable "log_bucket_id" {
  description = "Name of the log bucket."
  type        = string
  default     = "license-audit"
}

variable "retention_days" {
  description = "Days that audit and security logs are kept. Can be raised later, and once locked never lowered."
  type        = number
  default     = 400

  validation {
    condition     = var.retention_days >= 365 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be whole days from 365 (an audit looks back a year) to 3650."
  }
}

variable "lock_retention" {
  description = "Lock both retentions. IRREVERSIBLE: a locked bucket can be deleted by nobody before its last entry is old enough, and is paid for until then. Off in an installation that is taken down again."
  type        = bool
  default     = true
}

variable "encryption_key_name" {
  description = "The key that encrypts both buckets (projects/…/cryptoKeys/logs), which Logging's and Storage's accounts may use already (module kms grants it)."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key."
  }
}

variable "evidence_bucket_name" {
  description = "Name of the bucket of evidence; names are shared by the whole world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.evidence_bucket_name))
    error_message = "evidence_bucket_name must be 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "evidence_retention_days" {
  description = "Days in which evidence can be neither changed nor deleted."
  type        = number
  default     = 400

  validation {
    condition     = var.evidence_retention_days >= 90 && var.evidence_retention_days <= 3650 && floor(var.evidence_retention_days) == var.evidence_retention_days
    error_message = "evidence_retention_days must be whole days from 90 to 3650."
  }
}

variable "evidence_collectors" {
  description = "Members that add evidence and can neither read nor delete it: the incident tool's account (license-evidence)."
  type        = set(string)

  validation {
    condition     = length(var.evidence_collectors) > 0 && alltrue([for member in var.evidence_collectors : can(regex("^serviceAccount:[^@]+@[a-z0-9-]+\\.iam\\.gserviceaccount\\.com$", member))])
    error_message = "evidence_collectors must be service accounts, one at least."
  }
}

variable "evidence_readers" {
  description = "Members that read evidence: those who investigate."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.evidence_readers : can(regex("^(user|group|serviceAccount):", member))])
    error_message = "evidence_readers must be user:, group: or serviceAccount: members, never everybody."
  }
}

variable "labels" {
  description = "Labels of the bucket of evidence."
  type        = map(string)
  default     = {}
}
