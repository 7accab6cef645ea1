"""The addresses of the office."""

from django.urls import URLPattern, path

from management_api import products

_PRODUCT = "api/v1/products/<uuid:product_id>/"

urlpatterns: list[URLPattern] = [
    path("api/v1/products/", products.Products.as_view()),
    path(_PRODUCT, products.OneProduct.as_view()),
    path(f"{_PRODUCT}archive/", products.ArchiveProduct.as_view()),
    path(f"{_PRODUCT}unarchive/", products.UnarchiveProduct.as_view()),
]
