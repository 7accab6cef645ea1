# The policy as the hardening strategy wrote it, as a negative control; kept apart from everything that
# is deployed. Only `move_the_allow` is ours: it shows what the rules behind the first one then do.
terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
}

variable "move_the_allow" {
  description = "Puts the rules that allow behind the rules that refuse."
  type        = bool
  default     = false
}

locals {
  behind = var.move_the_allow ? 10000 : 0
}

resource "google_compute_security_policy" "license_api_policy" {
  name        = "license-api-security-policy"
  description = "Cloud Armor policy for CODITECT License Management API"

  rule {
    action      = "allow"
    priority    = 1000 + local.behind
    description = "Allow traffic from US and EU countries"
    match {
      expr {
        expression = "origin.region_code in ['US', 'CA', 'GB', 'DE', 'FR', 'NL', 'SE', 'DK', 'NO', 'FI']"
      }
    }
  }

  rule {
    action      = "rate_based_ban"
    priority    = 2000 + local.behind
    description = "Rate limit: 100 req/min per IP"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = 600
      rate_limit_threshold {
        count        = 100
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 3000
    description = "Block SQL injection attempts"
    match {
      expr {
        expression = "evaluatePreconfiguredExpr('sqli-stable', ['owasp-crs-v030001-id942251-sqli', 'owasp-crs-v030001-id942420-sqli', 'owasp-crs-v030001-id942431-sqli', 'owasp-crs-v030001-id942432-sqli'])"
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 4000
    description = "Block XSS attempts"
    match {
      expr {
        expression = "evaluatePreconfiguredExpr('xss-stable', ['owasp-crs-v030001-id941150-xss', 'owasp-crs-v030001-id941320-xss', 'owasp-crs-v030001-id941330-xss', 'owasp-crs-v030001-id941340-xss'])"
      }
    }
  }

  rule {
    action      = "deny(403)"
    priority    = 6000
    description = "Block security scanners and bots"
    match {
      expr {
        expression = "evaluatePreconfiguredExpr('scannerdetection-stable', ['owasp-crs-v030001-id913101-scannerdetection', 'owasp-crs-v030001-id913102-scannerdetection'])"
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Default allow"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
