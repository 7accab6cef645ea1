# Identity Platform signs tenants' people in; the servers take its tokens by issuer and audience.
# Nobody signs up by himself, and nobody is anonymous: an account comes from whoever invites.
resource "google_identity_platform_config" "this" {
  count = var.identity_platform == null ? 0 : 1

  project                    = var.project_id
  authorized_domains         = var.identity_platform.authorized_domains
  autodelete_anonymous_users = true

  sign_in {
    allow_duplicate_emails = false

    email {
      enabled           = true
      password_required = true
    }

    anonymous {
      enabled = false
    }
  }

  client {
    permissions {
      disabled_user_signup   = true
      disabled_user_deletion = true
    }
  }

  mfa {
    state = var.identity_platform.mfa

    provider_configs {
      state = var.identity_platform.mfa

      totp_provider_config {
        adjacent_intervals = 1
      }
    }
  }

  multi_tenant {
    allow_tenants = var.identity_platform.allow_tenants
  }

  monitoring {
    request_logging {
      enabled = true
    }
  }
}

resource "google_identity_platform_tenant" "this" {
  for_each = try(var.identity_platform.tenants, {})

  project                  = var.project_id
  display_name             = each.value
  allow_password_signup    = true
  enable_email_link_signin = false

  client {
    permissions {
      disabled_user_signup   = true
      disabled_user_deletion = true
    }
  }

  depends_on = [google_identity_platform_config.this]
}

# Whom the identity-aware proxy lets through, for the staff's host and for no other of the project.
resource "google_iap_web_iam_member" "staff" {
  for_each = try(var.iap.members, toset([]))

  project = var.project_id
  role    = "roles/iap.httpsResourceAccessor"
  member  = each.value

  condition {
    title       = "staff_host"
    description = "The staff's host alone"
    expression  = "request.host == \"${var.iap.host}\""
  }
}
