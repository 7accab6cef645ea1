"""Django's registration of the frame."""

from django.apps import AppConfig


class FrameConfig(AppConfig):
    """What holds both planes together."""

    name = "coditect_license"

    def ready(self) -> None:
        """Register the system checks."""
        import coditect_license.checks  # noqa: F401, PLC0415  settings come first
