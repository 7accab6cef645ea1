variable "waf_version" {
  description = "The generation of the OWASP rule sets: v422 (CRS 4.22), or v33 (CRS 3.3) to compare."
  type        = string
  default     = "v422"

  validation {
    condition     = contains(["v422", "v33"], var.waf_version)
    error_message = "waf_version must be v422 or v33."
  }
}

variable "waf_rule_sets" {
  description = "OWASP rule sets by name. Sensitivity is the paranoia level; 3 and more bite base64 of signatures. opt_out has numbers of signatures that refuse honest calls, each found by a test or in the log."
  type = map(object({
    sensitivity = optional(number, 1)
    opt_out     = optional(list(number), [])
  }))
  default = {
    sqli = {}
    # 941310 takes letters of Japanese and Chinese names for bytes of US-ASCII.
    xss              = { opt_out = [941310] }
    lfi              = {}
    rfi              = {}
    rce              = {}
    scannerdetection = {}
    protocolattack   = {}
    # 943110 and 943120 take session_id, by which our own addresses filter, for a stolen session.
    sessionfixation = { opt_out = [943110, 943120] }
  }

  validation {
    condition = length(setsubtract(keys(var.waf_rule_sets), [
      "sqli", "xss", "lfi", "rfi", "rce", "scannerdetection", "protocolattack", "sessionfixation", "java",
    ])) == 0
    error_message = "waf_rule_sets may have sqli, xss, lfi, rfi, rce, scannerdetection, protocolattack, sessionfixation and java."
  }

  validation {
    condition     = alltrue([for set in values(var.waf_rule_sets) : contains([1, 2, 3, 4], set.sensitivity)])
    error_message = "waf_rule_sets: a sensitivity must be 1, 2, 3 or 4."
  }

  validation {
    condition     = alltrue(flatten([for set in values(var.waf_rule_sets) : [for number in set.opt_out : number >= 900000 && number <= 999999 && floor(number) == number]]))
    error_message = "waf_rule_sets: an opt-out is a signature's number, such as 942432."
  }
}

variable "json_parsing" {
  description = "STANDARD: signatures see the values of a JSON body. DISABLED: they see its text, whose braces and quotes look like an attack to them."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "DISABLED"], var.json_parsing)
    error_message = "json_parsing must be STANDARD or DISABLED."
  }
}

variable "request_body_inspection_size" {
  description = "How much of a body signatures see. max_body_bytes may not be past it."
  type        = string
  default     = "64KB"

  validation {
    condition     = contains(["8KB", "16KB", "32KB", "48KB", "64KB", "128KB"], var.request_body_inspection_size)
    error_message = "request_body_inspection_size must be 8KB, 16KB, 32KB, 48KB, 64KB or 128KB."
  }
}

variable "log_level" {
  description = "VERBOSE logs which part of a request matched, and with it what callers sent: for staging. NORMAL for production."
  type        = string
  default     = "NORMAL"

  validation {
    condition     = contains(["NORMAL", "VERBOSE"], var.log_level)
    error_message = "log_level must be NORMAL or VERBOSE."
  }
}

variable "enterprise" {
  description = "Whether the project is enrolled in Cloud Armor Enterprise, which threat intelligence and suggested rules need."
  type        = bool
  default     = false
}

variable "threat_intelligence_feeds" {
  description = "Google's lists of addresses that are refused, of Enterprise only."
  type        = list(string)
  default     = []

  validation {
    condition = length(setsubtract(var.threat_intelligence_feeds, [
      "iplist-known-malicious-ips", "iplist-tor-exit-nodes", "iplist-anon-proxies",
      "iplist-vpn-providers", "iplist-crypto-miners", "iplist-public-clouds",
    ])) == 0
    error_message = "threat_intelligence_feeds must be feeds of hostile or hidden sources, such as iplist-known-malicious-ips."
  }
}

variable "adaptive_protection" {
  description = "Detection of floods at layer 7. The standard tier alerts; auto_deploy adds Google's suggested rule by itself and needs Enterprise."
  type = object({
    enabled         = optional(bool, true)
    rule_visibility = optional(string, "STANDARD")
    auto_deploy = optional(object({
      load_threshold              = optional(number, 0.8)
      confidence_threshold        = optional(number, 0.8)
      impacted_baseline_threshold = optional(number, 0.01)
      expiration_seconds          = optional(number, 7200)
    }))
  })
  default = {}

  validation {
    condition     = contains(["STANDARD", "PREMIUM"], var.adaptive_protection.rule_visibility)
    error_message = "adaptive_protection.rule_visibility must be STANDARD or PREMIUM."
  }

  validation {
    condition     = var.adaptive_protection.enabled || var.adaptive_protection.auto_deploy == null
    error_message = "adaptive_protection.auto_deploy needs adaptive_protection.enabled."
  }
}

variable "seats_per_address" {
  description = "The most seats behind one address: a company's devices share its NAT gateway."
  type        = number
  default     = 500

  validation {
    condition     = var.seats_per_address >= 1 && var.seats_per_address <= 50000 && floor(var.seats_per_address) == var.seats_per_address
    error_message = "seats_per_address must be a whole number from 1 to 50000."
  }
}

variable "calls_per_seat_per_minute" {
  description = "What one seat may ask in a minute, of any kind. A heartbeat each 120 s, an acquire, a release and their repetitions are fewer."
  type        = number
  default     = 12

  validation {
    condition     = var.calls_per_seat_per_minute >= 1 && var.calls_per_seat_per_minute <= 120
    error_message = "calls_per_seat_per_minute must be from 1 to 120."
  }
}

variable "acquires_per_seat_per_minute" {
  description = "How often one seat may be acquired in a minute: a whole office starts at nine, and tries again once."
  type        = number
  default     = 4

  validation {
    condition     = var.acquires_per_seat_per_minute >= 1 && var.acquires_per_seat_per_minute <= 120
    error_message = "acquires_per_seat_per_minute must be from 1 to 120."
  }
}

variable "general_throttle_per_minute" {
  description = "Calls of one address in a minute, instead of the figure computed from seats. 100 is what the hardening strategy first said; it suits an office of eight seats."
  type        = number
  default     = null

  validation {
    condition     = var.general_throttle_per_minute == null ? true : var.general_throttle_per_minute >= 1 && var.general_throttle_per_minute <= 1000000
    error_message = "general_throttle_per_minute must be from 1 to 1000000."
  }
}

variable "staff_calls_per_minute" {
  description = "Calls of the staff's pages, their login among them, from one address in a minute."
  type        = number
  default     = 120

  validation {
    condition     = var.staff_calls_per_minute >= 1 && var.staff_calls_per_minute <= 10000
    error_message = "staff_calls_per_minute must be from 1 to 10000."
  }
}

variable "path_throttles" {
  description = "Throttles of single paths by name, beside acquire, validate and staff-pages or instead of them: a path's beginning, and how many calls of one address."
  type = map(object({
    priority         = number
    path             = string
    count            = number
    interval_seconds = optional(number, 60)
  }))
  default = {}

  validation {
    condition     = alltrue([for throttle in values(var.path_throttles) : throttle.priority >= 3000 && throttle.priority <= 3899 && floor(throttle.priority) == throttle.priority])
    error_message = "path_throttles: a priority must be a whole number from 3000 to 3899, behind everything that denies."
  }

  validation {
    condition     = alltrue([for throttle in values(var.path_throttles) : can(regex("^/[A-Za-z0-9._/-]{0,100}$", throttle.path))])
    error_message = "path_throttles: a path begins with a slash and has letters, digits, dots, hyphens and slashes."
  }

  validation {
    condition     = alltrue([for throttle in values(var.path_throttles) : contains([10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700, 3600], throttle.interval_seconds)])
    error_message = "path_throttles: an interval must be one that Cloud Armor has: 10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700 or 3600 s."
  }

  validation {
    condition     = alltrue([for throttle in values(var.path_throttles) : throttle.count >= 1 && throttle.count <= 1000000])
    error_message = "path_throttles: a count must be from 1 to 1000000."
  }
}
