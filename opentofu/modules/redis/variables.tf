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
  description = "Name of the instance."
  type        = string
  default     = "coditect-license-redis"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "tier" {
  description = "STANDARD_HA keeps a replica in another zone, which takes over; BASIC is empty after every restart."
  type        = string
  default     = "STANDARD_HA"

  validation {
    condition     = contains(["STANDARD_HA", "BASIC"], var.tier)
    error_message = "tier must be STANDARD_HA or BASIC."
  }
}

variable "memory_size_gb" {
  description = "Memory in gigabytes."
  type        = number
  default     = 6

  validation {
    condition     = var.memory_size_gb >= 1 && var.memory_size_gb <= 300 && floor(var.memory_size_gb) == var.memory_size_gb
    error_message = "memory_size_gb must be a whole number from 1 to 300."
  }
}

variable "redis_version" {
  description = "Version of Redis. Before 7.0 TLS admits few connections (2,500 at 6 GB)."
  type        = string
  default     = "REDIS_7_2"

  validation {
    condition     = contains(["REDIS_7_0", "REDIS_7_2"], var.redis_version)
    error_message = "redis_version must be REDIS_7_0 or REDIS_7_2."
  }
}

variable "network_id" {
  description = "The VPC that the instance is reached from (projects/…/global/networks/…). Its private services access must be there before."
  type        = string
}

variable "reserved_ip_range" {
  description = "Name of the private services access range that the address is taken from; the network policies admit that range."
  type        = string
}

variable "encryption_key_name" {
  description = "The key that encrypts data at rest (projects/…/cryptoKeys/redis), which Memorystore's account may use already (module kms grants it). Cannot be changed afterwards."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key."
  }
}

variable "maintenance_window" {
  description = "When Memorystore may restart the instance: day (MONDAY to SUNDAY) and hour in UTC. A window lasts an hour; connections are cut once."
  type = object({
    day  = string
    hour = number
  })
  default = { day = "SUNDAY", hour = 8 }

  validation {
    condition     = contains(["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"], var.maintenance_window.day) && var.maintenance_window.hour >= 0 && var.maintenance_window.hour <= 23
    error_message = "maintenance_window must be a day from MONDAY to SUNDAY and an hour from 0 to 23."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the instance. Off only to take an installation down, and then prevent_destroy has to go too."
  type        = bool
  default     = true
}

variable "labels" {
  description = "Labels of the instance."
  type        = map(string)
  default     = {}
}
