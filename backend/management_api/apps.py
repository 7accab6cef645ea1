"""Django's registration of the management API."""

from django.apps import AppConfig


class ManagementApiConfig(AppConfig):
    """The office."""

    name = "management_api"
    default_auto_field = "django.db.models.BigAutoField"
