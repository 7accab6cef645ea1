"""Django's registration of the staff's pages; only where LICENSE_ADMIN_HOST is set."""

from django.apps import AppConfig


class StaffConfig(AppConfig):
    """Tenants, licenses, sessions and records, to look at and to step in."""

    name = "coditect_license.staff"
    label = "staff"
