"""Django's registration of the identity app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """The door."""

    name = "identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system check."""
        import identity.wiring  # noqa: F401, PLC0415 (models load only once apps are ready)
