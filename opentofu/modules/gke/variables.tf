variable "project_id" {
  description = "Project of the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of the cluster: its control plane and its nodes are in three zones of it."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as us-central1: a cluster in one zone falls with it."
  }
}

variable "name" {
  description = "Name of the cluster."
  type        = string
  default     = "coditect-license"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "network_id" {
  description = "The VPC (module network)."
  type        = string
}

variable "subnetwork_id" {
  description = "The subnetwork of the nodes (module network)."
  type        = string
}

variable "secondary_ranges" {
  description = "Names of the subnetwork's ranges for pods and services."
  type = object({
    pods     = string
    services = string
  })
  default = { pods = "pods", services = "services" }
}

variable "control_plane_cidr" {
  description = "The /28 of the control plane."
  type        = string
  default     = "172.16.0.0/28"

  validation {
    condition     = can(cidrhost(var.control_plane_cidr, 0)) && endswith(var.control_plane_cidr, "/28")
    error_message = "control_plane_cidr must be a /28."
  }
}

variable "private_endpoint" {
  description = "Whether the control plane has no public address at all, and is reached from inside the VPC alone."
  type        = bool
  default     = false
}

variable "authorized_networks" {
  description = "Who may reach the control plane, by name: office, deployment. Empty with a private endpoint: the VPC alone."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for range in values(var.authorized_networks) : can(cidrhost(range, 0))])
    error_message = "authorized_networks must be written a.b.c.d/n."
  }

  validation {
    condition     = alltrue([for range in values(var.authorized_networks) : try(tonumber(split("/", range)[1]) >= 16, false)])
    error_message = "authorized_networks must be /16 or narrower: the internet is no authorized network."
  }
}

variable "encryption_key_name" {
  description = "The key that encrypts etcd's secrets and the nodes' disks (projects/…/cryptoKeys/gke), which GKE's and Compute Engine's accounts may use already (module kms grants it)."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key."
  }
}

variable "release_channel" {
  description = "How early GKE's versions come."
  type        = string
  default     = "REGULAR"

  validation {
    condition     = contains(["RAPID", "REGULAR", "STABLE", "EXTENDED"], var.release_channel)
    error_message = "release_channel must be RAPID, REGULAR, STABLE or EXTENDED: without a channel nobody mends the nodes."
  }
}

variable "maintenance_window" {
  description = "When GKE may upgrade: a first window in UTC, and how it recurs (RFC 5545). 48 hours in 32 days at least, in windows of 4 hours at least."
  type = object({
    start      = string
    end        = string
    recurrence = string
  })
  default = {
    start      = "2026-01-03T06:00:00Z"
    end        = "2026-01-03T14:00:00Z"
    recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
  }

  validation {
    condition     = can(formatdate("YYYY", var.maintenance_window.start)) && can(formatdate("YYYY", var.maintenance_window.end))
    error_message = "maintenance_window: start and end must be written 2026-01-03T06:00:00Z."
  }

  validation {
    condition     = can(regex("^FREQ=(DAILY|WEEKLY)(;[A-Z]+=[A-Z0-9,]+)*$", var.maintenance_window.recurrence))
    error_message = "maintenance_window.recurrence must be FREQ=DAILY… or FREQ=WEEKLY…"
  }
}

variable "managed_prometheus" {
  description = "Whether Google's managed collection scrapes the pods (kubernetes/components/managed-prometheus). Off where an operator of Prometheus does."
  type        = bool
  default     = true
}

variable "binary_authorization" {
  description = "Whether the project's policy decides which images run. Before it is on, the policy must admit ours and GKE's own."
  type        = bool
  default     = false
}

variable "security_group" {
  description = "gke-security-groups@domain: the Google group whose groups RBAC may name; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.security_group == null || can(regex("^gke-security-groups@", coalesce(var.security_group, "-")))
    error_message = "security_group must be gke-security-groups@domain: GKE takes no other."
  }
}

variable "node_tag" {
  description = "The tag by which the firewall knows the nodes (module network)."
  type        = string
}

variable "machine_type" {
  description = "Machine of the nodes. Not one with shared cores: leases are renewed on time or lost."
  type        = string
  default     = "e2-standard-4"

  validation {
    condition     = !can(regex("^(e2-(micro|small|medium)|f1-|g1-)", var.machine_type))
    error_message = "machine_type must not have shared cores."
  }
}

variable "nodes_per_zone" {
  description = "Least and most nodes in each of the region's zones."
  type = object({
    least = number
    most  = number
  })
  default = { least = 1, most = 4 }

  validation {
    condition     = var.nodes_per_zone.least >= 1 && var.nodes_per_zone.most >= var.nodes_per_zone.least
    error_message = "nodes_per_zone: at least one, and most not less than least: a zone without a node takes no pod at once."
  }

  validation {
    condition     = floor(var.nodes_per_zone.least) == var.nodes_per_zone.least && floor(var.nodes_per_zone.most) == var.nodes_per_zone.most
    error_message = "nodes_per_zone must be whole numbers."
  }
}

variable "disk_size_gb" {
  description = "Size of a node's disk, for images and what pods write."
  type        = number
  default     = 100

  validation {
    condition     = var.disk_size_gb >= 30
    error_message = "disk_size_gb must be 30 or more."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the cluster. Off only to take an installation down."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of the cluster and of its nodes."
  type        = map(string)
  default     = {}
}
