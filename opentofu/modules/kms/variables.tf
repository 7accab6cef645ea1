variable "project_id" {
  description = "Project of the cluster: holds the ring of the encryption keys."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "project_number" {
  description = "Number of that project: its services' own accounts are named after it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{6,}$", var.project_number))
    error_message = "project_number must be digits; project_id is the name."
  }
}

variable "kms_project_id" {
  description = "Project of the signing key. In production not the cluster's, so that whoever owns the cluster does not own the key."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.kms_project_id))
    error_message = "kms_project_id must be a project's id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "location" {
  description = "Region of both rings: CMEK asks for the region of the data, and each signature is a round trip."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "location must be a region such as us-central1: a global or multi-regional key cannot encrypt regional data."
  }
}

variable "key_ring_name" {
  description = "Ring of the signing key (CLOUD_KMS_KEYRING). A ring can never be deleted."
  type        = string
  default     = "coditect-license-keys"
}

variable "signing_key_name" {
  description = "The signing key (CLOUD_KMS_KEY). Its versions are numbered; the name stays through every rotation."
  type        = string
  default     = "license-signing-key-v1"
}

variable "signing_protection_level" {
  description = "Where the signing key lives: HSM or SOFTWARE. Cannot be changed afterwards."
  type        = string
  default     = "HSM"

  validation {
    condition     = contains(["HSM", "SOFTWARE"], var.signing_protection_level)
    error_message = "signing_protection_level must be HSM or SOFTWARE."
  }
}

variable "signers" {
  description = "Members that sign with the one key (roles/cloudkms.signerVerifier): the leasing plane's account, and the console's, which signs lent seats. Known at the first plan: written out, not taken from a resource."
  type        = set(string)

  validation {
    condition     = length(var.signers) > 0
    error_message = "signers must name the leasing plane's account: without one no license is signed."
  }

  validation {
    condition     = alltrue([for member in var.signers : can(regex("^serviceAccount:[^@]+@[a-z0-9-]+\\.iam\\.gserviceaccount\\.com$", member))])
    error_message = "signers must be service accounts (serviceAccount:name@project.iam.gserviceaccount.com): no person, no group, nobody else signs."
  }
}

variable "verifiers" {
  description = "Members that read the public key and sign nothing (roles/cloudkms.publicKeyViewer)."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.verifiers : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "verifiers must be named: the world gets public keys from the server's JWKS, not from Cloud KMS."
  }
}

variable "rotators" {
  description = "Members that run rotate_signing_key: roles/cloudkms.admin and signerVerifier on the one key. Empty outside a rotation."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.rotators : can(regex("^(user|group|serviceAccount):", member))])
    error_message = "rotators must be user:, group: or serviceAccount: members."
  }

  validation {
    condition     = length(setintersection(var.rotators, var.signers)) == 0
    error_message = "rotators must not be signers: a server that may sign must not be able to destroy the key."
  }
}

variable "expect_standby" {
  description = "Warn at each plan until the signing key has a second enabled version (docs/how-to/rotate-the-signing-key.md). Off until the first apply."
  type        = bool
  default     = false
}

variable "destroy_scheduled_days" {
  description = "Days between the order to destroy a key version and its destruction, in which the order can be taken back."
  type        = number
  default     = 30

  validation {
    condition     = var.destroy_scheduled_days >= 30 && var.destroy_scheduled_days <= 120 && floor(var.destroy_scheduled_days) == var.destroy_scheduled_days
    error_message = "destroy_scheduled_days must be whole days from 30 (what the rotation promises) to 120 (Cloud KMS' most)."
  }
}

variable "cmek_key_ring_name" {
  description = "Ring of the encryption keys. A ring can never be deleted."
  type        = string
  default     = "coditect-license-cmek"
}

variable "cmek_protection_level" {
  description = "Where the encryption keys live: SOFTWARE or HSM."
  type        = string
  default     = "SOFTWARE"

  validation {
    condition     = contains(["HSM", "SOFTWARE"], var.cmek_protection_level)
    error_message = "cmek_protection_level must be HSM or SOFTWARE."
  }
}

variable "labels" {
  description = "Labels of every key."
  type        = map(string)
  default     = {}
}
