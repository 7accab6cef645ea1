"""Django's registration of soft state: from now on this process announces what it changes."""

from django.apps import AppConfig


class SoftStateConfig(AppConfig):
    """What may be lost at any time."""

    name = "soft_state"

    def ready(self) -> None:
        """Let notices reach the other processes, where the settings name a Valkey."""
        from soft_state.wiring import announce_to_the_fleet  # noqa: PLC0415  settings come first

        announce_to_the_fleet()
