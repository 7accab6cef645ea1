variable "project_id" {
  description = "Project of the repository: the cluster's."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "location" {
  description = "Region of the repository: the cluster's, so that images come quickly, and its key's."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location must be a region such as us-central1: the key is there."
  }
}

variable "repository_id" {
  description = "Name of the repository."
  type        = string
  default     = "coditect-license"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,61}[a-z0-9]$", var.repository_id))
    error_message = "repository_id must be lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "encryption_key_name" {
  description = "The key that encrypts images (projects/…/cryptoKeys/registry), which Artifact Registry's account may use already (module kms grants it)."
  type        = string

  validation {
    condition     = var.encryption_key_name != null && var.encryption_key_name != ""
    error_message = "encryption_key_name must be a key."
  }
}

variable "readers" {
  description = "Members that read images: the nodes' account."
  type        = set(string)

  validation {
    condition     = length(var.readers) > 0 && alltrue([for member in var.readers : can(regex("^(serviceAccount|group):[^@]+@[^@]+$", member))])
    error_message = "readers must be serviceAccount:… or group:…, one at least, and never everybody."
  }
}

variable "writers" {
  description = "Members that push images: the release pipeline. Nobody pushes while it is empty."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.writers : can(regex("^(serviceAccount|principalSet|group):", member))])
    error_message = "writers must be serviceAccount:…, group:… or principalSet:…"
  }

  validation {
    condition     = length(setintersection(var.writers, var.readers)) == 0
    error_message = "writers must not be readers: a node that could push could give every other node its image."
  }
}

variable "keep_versions" {
  description = "The newest versions of each image that are kept whatever their age."
  type        = number
  default     = 20

  validation {
    condition     = var.keep_versions >= 5 && floor(var.keep_versions) == var.keep_versions
    error_message = "keep_versions must be a whole number from 5 on: there must be something to go back to."
  }
}

variable "untagged_days" {
  description = "Days after which an image without a tag is deleted, unless it is among the newest."
  type        = number
  default     = 30

  validation {
    condition     = var.untagged_days >= 7 && floor(var.untagged_days) == var.untagged_days
    error_message = "untagged_days must be whole days from 7 on."
  }
}

variable "labels" {
  description = "Labels of the repository."
  type        = map(string)
  default     = {}
}
