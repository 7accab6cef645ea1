"""Django's registration of the signing app."""

from django.apps import AppConfig


class SigningConfig(AppConfig):
    """The signers."""

    name = "signing"
    default_auto_field = "django.db.models.BigAutoField"
