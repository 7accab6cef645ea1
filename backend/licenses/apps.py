"""Django's registration of the licenses app."""

from django.apps import AppConfig


class LicensesConfig(AppConfig):
    """The catalogue."""

    name = "licenses"
    default_auto_field = "django.db.models.BigAutoField"
