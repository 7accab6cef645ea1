variable "project_id" {
  description = "The project of the cluster: a policy protects backend services of its own project only."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "policy_name" {
  description = "The name that BackendConfigs refer to."
  type        = string
  default     = "license-api-security-policy"

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.policy_name))
    error_message = "policy_name must be 1 to 63 lower-case letters, digits and hyphens."
  }
}

variable "ssl_policy_name" {
  description = "The name that the FrontendConfig refers to."
  type        = string
  default     = "license-ssl-policy"

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.ssl_policy_name))
    error_message = "ssl_policy_name must be 1 to 63 lower-case letters, digits and hyphens."
  }
}

variable "min_tls_version" {
  description = "TLS_1_2 for hosts with older TLS libraries and proxies of companies; TLS_1_3 for nobody but the newest."
  type        = string
  default     = "TLS_1_2"

  validation {
    condition     = contains(["TLS_1_2", "TLS_1_3"], var.min_tls_version)
    error_message = "min_tls_version must be TLS_1_2 or TLS_1_3: older versions are broken."
  }
}

variable "preview_by_default" {
  description = "Whether a rule that preview does not name is only logged. New rules begin so."
  type        = bool
  default     = true
}

variable "preview" {
  description = "By the name of a rule: true to log what it would do, false to enforce it. The incident rule, IP lists and the default are always enforced."
  type        = map(bool)
  default     = {}
}

variable "incident" {
  description = "The rule at priority 1. Inactive it stands there and matches an address that nobody has; active it answers before every other rule. 502 reads as an outage, which programs wait out under the leases they hold; 403 reads as a refusal of their credential."
  type = object({
    active        = optional(bool, false)
    action        = optional(string, "deny(502)")
    src_ip_ranges = optional(list(string), ["*"])
    expression    = optional(string)
  })
  default = {}

  validation {
    condition     = contains(["deny(403)", "deny(404)", "deny(502)"], var.incident.action)
    error_message = "incident.action must be deny(403), deny(404) or deny(502): Cloud Armor answers nothing else."
  }

  validation {
    condition     = length(var.incident.src_ip_ranges) >= 1 && length(var.incident.src_ip_ranges) <= 10
    error_message = "incident.src_ip_ranges must have 1 to 10 ranges."
  }
}

variable "temporary_blocks" {
  description = "Blocks of an incident, by name: a priority from 2 to 99 and ranges or an expression. A block made with gcloud alone is taken back by the next apply."
  type = map(object({
    priority      = number
    action        = optional(string, "deny(403)")
    src_ip_ranges = optional(list(string))
    expression    = optional(string)
  }))
  default = {}

  validation {
    condition     = alltrue([for block in values(var.temporary_blocks) : block.priority >= 2 && block.priority <= 99 && floor(block.priority) == block.priority])
    error_message = "temporary_blocks: a priority must be a whole number from 2 to 99; 1 is the incident rule's."
  }

  validation {
    condition     = alltrue([for block in values(var.temporary_blocks) : (block.src_ip_ranges == null) != (block.expression == null)])
    error_message = "temporary_blocks: each has src_ip_ranges or an expression, and not both."
  }

  validation {
    condition     = alltrue([for block in values(var.temporary_blocks) : contains(["deny(403)", "deny(404)", "deny(502)"], block.action)])
    error_message = "temporary_blocks: an action must be deny(403), deny(404) or deny(502)."
  }

  validation {
    condition     = alltrue([for block in values(var.temporary_blocks) : block.src_ip_ranges == null ? true : length(block.src_ip_ranges) >= 1 && length(block.src_ip_ranges) <= 10])
    error_message = "temporary_blocks: a rule has 1 to 10 ranges."
  }

  validation {
    condition     = alltrue([for name in keys(var.temporary_blocks) : can(regex("^[a-z0-9-]{1,50}$", name))])
    error_message = "temporary_blocks: a name has 1 to 50 lower-case letters, digits and hyphens."
  }
}

variable "allowed_ip_ranges" {
  description = "Ranges that pass every rule but an incident's: whoever comes from there is trusted with everything, so keep them few and narrow."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.allowed_ip_ranges : can(cidrhost(range, 0)) && !endswith(range, "/0")])
    error_message = "allowed_ip_ranges must be CIDR ranges, and none may be the whole internet."
  }

  validation {
    condition     = length(var.allowed_ip_ranges) <= 200
    error_message = "allowed_ip_ranges may have 200 ranges: ten a rule, twenty rules."
  }
}

variable "denied_ip_ranges" {
  description = "Ranges that are refused for good."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for range in var.denied_ip_ranges : can(cidrhost(range, 0))])
    error_message = "denied_ip_ranges must be CIDR ranges."
  }

  validation {
    condition     = length(var.denied_ip_ranges) <= 500
    error_message = "denied_ip_ranges may have 500 ranges: ten a rule, fifty rules."
  }
}

variable "allowed_countries" {
  description = "ISO 3166 codes; whoever comes from elsewhere is refused. Empty: everybody may come. A traveller with a lease is elsewhere too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for code in var.allowed_countries : can(regex("^[A-Z]{2}$", code))]) && length(var.allowed_countries) <= 200
    error_message = "allowed_countries must be at most 200 codes of two capital letters."
  }
}

variable "denied_countries" {
  description = "ISO 3166 codes of countries that are refused."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for code in var.denied_countries : can(regex("^[A-Z]{2}$", code))]) && length(var.denied_countries) <= 200
    error_message = "denied_countries must be at most 200 codes of two capital letters."
  }
}

variable "max_body_bytes" {
  description = "The longest body by its Content-Length. The server takes 65,536 bytes, also of bodies that do not say their length."
  type        = number
  default     = 65536

  validation {
    condition     = var.max_body_bytes >= 1024 && var.max_body_bytes <= 131072 && floor(var.max_body_bytes) == var.max_body_bytes
    error_message = "max_body_bytes must be a whole number from 1024 to 131072."
  }
}

variable "allowed_methods" {
  description = "Methods that some address of the API takes, and OPTIONS for browsers."
  type        = list(string)
  default     = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

  validation {
    condition     = length(var.allowed_methods) > 0 && alltrue([for method in var.allowed_methods : can(regex("^[A-Z]+$", method))])
    error_message = "allowed_methods must be one or more words of capital letters."
  }
}

variable "default_action" {
  description = "What becomes of a request that no rule decided. The general throttle decides every one once it is enforced."
  type        = string
  default     = "allow"

  validation {
    condition     = contains(["allow", "deny(403)"], var.default_action)
    error_message = "default_action must be allow or deny(403)."
  }
}
