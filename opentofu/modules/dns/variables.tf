variable "project_id" {
  description = "Project of the zone."
  type        = string
}

variable "domain" {
  description = "Domain of the zone, without a dot at its end."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a name such as coditect.ai, without a dot at its end."
  }
}

variable "zone_name" {
  description = "Name of the managed zone, made here or there already."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", var.zone_name))
    error_message = "zone_name must be lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "create_zone" {
  description = "Make the zone, with DNSSEC and logged queries. Off where the domain has one already: records alone are added, and DNSSEC is its owner's."
  type        = bool
  default     = true
}

variable "hosts" {
  description = "Host names (of programs: license_host; of staff) and their addresses; ipv6 may be null."
  type = map(object({
    ipv4 = string
    ipv6 = optional(string)
  }))

  validation {
    condition     = length(var.hosts) > 0 && alltrue([for host in keys(var.hosts) : endswith(host, ".${var.domain}")])
    error_message = "hosts must be names below domain."
  }

  validation {
    condition     = alltrue([for addresses in values(var.hosts) : can(cidrhost("${addresses.ipv4}/32", 0))])
    error_message = "hosts must have an IPv4 address each."
  }
}

variable "certificate_issuers" {
  description = "Authorities that may issue for the hosts (CAA): Google's, of managed certificates."
  type        = set(string)
  default     = ["pki.goog"]

  validation {
    condition     = length(var.certificate_issuers) > 0
    error_message = "certificate_issuers must name an authority: without one no certificate is issued at all."
  }
}

variable "incident_contact" {
  description = "Where an issuer reports a refused request (CAA iodef): mailto:… or https://…; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.incident_contact == null || can(regex("^(mailto:[^@]+@|https://)[^ ]+$", var.incident_contact))
    error_message = "incident_contact must be mailto:… or https://…."
  }
}

variable "ttl_seconds" {
  description = "Seconds that resolvers remember the addresses: short, so that a move is quick."
  type        = number
  default     = 300

  validation {
    condition     = var.ttl_seconds >= 30 && var.ttl_seconds <= 86400
    error_message = "ttl_seconds must be 30 to 86400."
  }
}

variable "labels" {
  description = "Labels of the zone."
  type        = map(string)
  default     = {}
}
