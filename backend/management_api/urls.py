"""The addresses of the office."""

from django.urls import URLPattern, path

from management_api import (
    api_tokens,
    audit_events,
    license_actions,
    license_files,
    license_keys,
    licenses,
    members,
    products,
    service_accounts,
    sessions,
    tenants,
    tiers,
    usage,
)

_LICENSE = "api/v1/licenses/<uuid:license_id>/"
_ACCOUNT = "api/v1/service-accounts/<uuid:account_id>/"
_MEMBER = "api/v1/members/<uuid:member_id>/"
_SESSION = "api/v1/sessions/<uuid:session_id>/"
_TENANT = "api/v1/tenants/<uuid:tenant_id>/"
_PRODUCT = "api/v1/products/<uuid:product_id>/"
_TIER = "api/v1/tiers/<uuid:tier_id>/"

urlpatterns: list[URLPattern] = [
    path("api/v1/licenses/", licenses.Licenses.as_view()),
    path("api/v1/licenses/validate/", license_keys.ValidateKey.as_view()),
    path(_LICENSE, licenses.OneLicense.as_view()),
    path(f"{_LICENSE}suspend/", license_actions.SuspendLicense.as_view()),
    path(f"{_LICENSE}reinstate/", license_actions.ReinstateLicense.as_view()),
    path(f"{_LICENSE}revoke/", license_actions.RevokeLicense.as_view()),
    path(f"{_LICENSE}renew/", license_actions.RenewLicense.as_view()),
    path(f"{_LICENSE}rotate-key/", license_actions.RotateLicenseKey.as_view()),
    path(f"{_LICENSE}download/", license_files.DownloadLicense.as_view()),
    path("api/v1/tiers/", tiers.Tiers.as_view()),
    path(_TIER, tiers.OneTier.as_view()),
    path(f"{_TIER}archive/", tiers.ArchiveTier.as_view()),
    path(f"{_TIER}unarchive/", tiers.UnarchiveTier.as_view()),
    path("api/v1/products/", products.Products.as_view()),
    path(_PRODUCT, products.OneProduct.as_view()),
    path(f"{_PRODUCT}archive/", products.ArchiveProduct.as_view()),
    path(f"{_PRODUCT}unarchive/", products.UnarchiveProduct.as_view()),
    path("api/v1/sessions/", sessions.Sessions.as_view()),
    path(_SESSION, sessions.OneSession.as_view()),
    path(f"{_SESSION}force-release/", sessions.ForceReleaseSession.as_view()),
    path("api/v1/usage/", usage.UsageOfTenant.as_view()),
    path("api/v1/members/", members.Members.as_view()),
    path(_MEMBER, members.OneMember.as_view()),
    path(f"{_MEMBER}disable/", members.DisableMember.as_view()),
    path(f"{_MEMBER}enable/", members.EnableMember.as_view()),
    path("api/v1/service-accounts/", service_accounts.ServiceAccounts.as_view()),
    path(_ACCOUNT, service_accounts.OneServiceAccount.as_view()),
    path(f"{_ACCOUNT}tokens/", api_tokens.ApiTokens.as_view()),
    path(f"{_ACCOUNT}tokens/rotate/", api_tokens.RotateApiToken.as_view()),
    path(f"{_ACCOUNT}tokens/<uuid:token_id>/", api_tokens.OneApiToken.as_view()),
    path("api/v1/audit/events/", audit_events.AuditEvents.as_view()),
    path("api/v1/audit/events/<uuid:event_id>/", audit_events.OneAuditEvent.as_view()),
    path("api/v1/audit/export/", audit_events.AuditExport.as_view()),
    path("api/v1/audit/checkpoint/", audit_events.NewestCheckpoint.as_view()),
    path("api/v1/tenants/", tenants.Tenants.as_view()),
    path(_TENANT, tenants.OneTenant.as_view()),
    path(f"{_TENANT}suspend/", tenants.SuspendTenant.as_view()),
    path(f"{_TENANT}resume/", tenants.ResumeTenant.as_view()),
]
