variable "project_id" {
  description = "The project whose services and audit logs are set."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id: 6 to 30 characters of a-z, 0-9 and '-', a letter first, no '-' last."
  }
}

variable "services" {
  description = "The interfaces that are switched on, each as name.googleapis.com."
  type        = set(string)

  validation {
    condition     = length(var.services) > 0
    error_message = "services: name at least one."
  }

  validation {
    condition     = alltrue([for s in var.services : can(regex("^[a-z]+\\.googleapis\\.com$", s))])
    error_message = "services: each is name.googleapis.com."
  }
}

variable "audited_services" {
  description = "The interfaces of which every reading and writing of data is logged, beside what Google always logs."
  type        = set(string)

  validation {
    condition     = alltrue([for s in var.audited_services : can(regex("^[a-z]+\\.googleapis\\.com$", s))])
    error_message = "audited_services: each is name.googleapis.com."
  }
}

variable "service_agents" {
  description = "The interfaces whose own accounts are made now, before a key is given to them; each among services."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.service_agents, var.services)) == 0
    error_message = "service_agents must be among services: an interface that is off has no account."
  }
}
