"""Django's registration of the audit app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The ledger book."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
