variable "project_id" {
  description = "Project of the network: the cluster's."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the subnetwork, of the router and of Cloud NAT."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as us-central1."
  }
}

variable "name" {
  description = "Name of the network, and the beginning of every other name here."
  type        = string
  default     = "coditect-license"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "ranges" {
  description = "Addresses of nodes, pods, services (of Kubernetes) and the control plane; none may overlap another."
  type = object({
    nodes         = optional(string, "10.10.0.0/22")
    pods          = optional(string, "10.8.0.0/16")
    services      = optional(string, "10.9.0.0/20")
    control_plane = optional(string, "172.16.0.0/28")
  })
  default = {}

  validation {
    condition     = alltrue([for range in values(var.ranges) : can(cidrhost(range, 0))])
    error_message = "ranges must be written a.b.c.d/n."
  }

  validation {
    condition     = endswith(var.ranges.control_plane, "/28")
    error_message = "ranges.control_plane must be a /28: GKE takes no other."
  }
}

variable "private_services" {
  description = "Ranges that Google's own networks take the addresses of Cloud SQL and Memorystore from. The network policies admit them by address."
  type = object({
    sql   = optional(string, "10.67.0.0/16")
    redis = optional(string, "10.159.0.0/16")
  })
  default = {}

  validation {
    condition     = alltrue([for range in values(var.private_services) : can(cidrhost(range, 0))])
    error_message = "private_services must be written a.b.c.d/n."
  }

  validation {
    condition     = alltrue([for range in values(var.private_services) : try(tonumber(split("/", range)[1]) <= 24, false)])
    error_message = "private_services must be /24 or wider: each service takes a subnetwork for every region."
  }
}

variable "flow_log_sampling" {
  description = "Part of the flows that is logged, more than 0 and at most 1."
  type        = number
  default     = 0.5

  validation {
    condition     = var.flow_log_sampling > 0 && var.flow_log_sampling <= 1
    error_message = "flow_log_sampling must be more than 0 and at most 1: without flow logs nobody sees where data went."
  }
}

variable "address_name" {
  description = "Name of the public address of our own Ingress; null where the address is another product's (coditect-ai-ip)."
  type        = string
  default     = "coditect-license-ip"
}

variable "allow_iap_ssh" {
  description = "Let people reach nodes by ssh through Google's identity-aware proxy. Off unless somebody mends a node."
  type        = bool
  default     = false
}
