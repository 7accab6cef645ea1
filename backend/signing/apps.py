"""Django's registration of the signing app."""

from django.apps import AppConfig


class SigningConfig(AppConfig):
    """The signers."""

    name = "signing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system check, and what ``sign_license`` signs with."""
        from signing import kms_service, wiring  # noqa: PLC0415 (models load only once apps are ready)

        kms_service.provide(wiring.kms_service_from_settings)
