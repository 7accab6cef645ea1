"""Django's registration of the tenants app."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """The walls."""

    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"
