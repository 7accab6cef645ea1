"""The addresses of the office."""

from django.urls import URLPattern, path

from management_api import license_actions, license_keys, licenses, products, tiers

_LICENSE = "api/v1/licenses/<uuid:license_id>/"
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
    path("api/v1/tiers/", tiers.Tiers.as_view()),
    path(_TIER, tiers.OneTier.as_view()),
    path(f"{_TIER}archive/", tiers.ArchiveTier.as_view()),
    path(f"{_TIER}unarchive/", tiers.UnarchiveTier.as_view()),
    path("api/v1/products/", products.Products.as_view()),
    path(_PRODUCT, products.OneProduct.as_view()),
    path(f"{_PRODUCT}archive/", products.ArchiveProduct.as_view()),
    path(f"{_PRODUCT}unarchive/", products.UnarchiveProduct.as_view()),
]
