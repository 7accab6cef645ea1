"""Django's registration of the leasing app."""

from django.apps import AppConfig


class LeasingConfig(AppConfig):
    """The heart."""

    name = "leasing"
    default_auto_field = "django.db.models.BigAutoField"
