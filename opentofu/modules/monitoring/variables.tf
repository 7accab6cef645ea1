variable "project_id" {
  description = "Project of the cluster."
  type        = string
}

variable "kms_project_id" {
  description = "Project of the signing key, watched too."
  type        = string
}

variable "license_host" {
  description = "Host name of the programs' API, asked for /health from outside."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.license_host))
    error_message = "license_host must be a host name such as licenses.coditect.ai."
  }
}

variable "notified_emails" {
  description = "Addresses that every alert is sent to."
  type        = set(string)

  validation {
    condition     = length(var.notified_emails) > 0 && alltrue([for email in var.notified_emails : can(regex("^[^@ ]+@[^@ ]+\\.[a-z]+$", email))])
    error_message = "notified_emails must name one e-mail address at least: an alert that nobody gets is none."
  }
}

variable "page" {
  description = "Page whoever is on call by PagerDuty too."
  type        = bool
  default     = false
}

variable "pagerduty_service_key" {
  description = "Integration key of the PagerDuty service (Events v1). Ephemeral: in no state and no plan. Sent when pagerduty_service_key_version changes."
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

variable "secret_readers" {
  description = "Accounts that may read each secret, by secret: e-mail addresses. Whoever else reads one raises an alert, and so does a secret that is not listed."
  type        = map(set(string))

  validation {
    condition     = length(var.secret_readers) > 0 && alltrue([for secret in keys(var.secret_readers) : can(regex("^[a-z][a-z0-9-]*$", secret))])
    error_message = "secret_readers must list the secrets by name: with none listed nothing would be watched."
  }

  validation {
    condition     = alltrue(flatten([for emails in values(var.secret_readers) : [for email in emails : can(regex("^[^@ :]+@[^@ ]+$", email))]]))
    error_message = "secret_readers must be e-mail addresses of accounts, without serviceAccount: before them."
  }
}

variable "signers" {
  description = "Accounts that sign: e-mail addresses. A signature for anybody else raises an alert."
  type        = set(string)

  validation {
    condition     = length(var.signers) > 0 && alltrue([for email in var.signers : can(regex("^[^@ :]+@[^@ ]+$", email))])
    error_message = "signers must be e-mail addresses of accounts, without serviceAccount: before them."
  }
}

variable "key_ring_name" {
  description = "Ring of the signing key."
  type        = string
  default     = "coditect-license-keys"
}

variable "signing_key_name" {
  description = "The signing key."
  type        = string
  default     = "license-signing-key-v1"
}

variable "security_policy_name" {
  description = "The Cloud Armor policy whose refusals are counted."
  type        = string
  default     = "license-api-security-policy"
}

variable "denials_per_minute" {
  description = "Refusals of one Cloud Armor rule a minute, for five minutes, from which on somebody is told."
  type        = number
  default     = 120

  validation {
    condition     = var.denials_per_minute >= 1
    error_message = "denials_per_minute must be 1 or more."
  }
}

variable "uptime_regions" {
  description = "Where /health is asked from: three regions at least, so that two may say that it is away."
  type        = list(string)
  default     = ["USA", "EUROPE", "ASIA_PACIFIC"]

  validation {
    condition     = length(distinct(var.uptime_regions)) >= 3 && alltrue([for region in var.uptime_regions : contains(["USA", "USA_OREGON", "USA_IOWA", "USA_VIRGINIA", "EUROPE", "SOUTH_AMERICA", "ASIA_PACIFIC"], region)])
    error_message = "uptime_regions must be three or more of USA, USA_OREGON, USA_IOWA, USA_VIRGINIA, EUROPE, SOUTH_AMERICA, ASIA_PACIFIC."
  }
}

variable "runbooks_url" {
  description = "Address under which docs/runbooks is published, without a slash at its end."
  type        = string
  default     = "docs/runbooks"

  validation {
    condition     = !endswith(var.runbooks_url, "/")
    error_message = "runbooks_url must not end with a slash."
  }
}

variable "labels" {
  description = "Labels of alerts and checks."
  type        = map(string)
  default     = {}
}
