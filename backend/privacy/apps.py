"""Django's registration of the privacy app."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """The shredder."""

    name = "privacy"
    default_auto_field = "django.db.models.BigAutoField"
