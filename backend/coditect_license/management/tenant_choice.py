"""Which tenant a command is about: its slug or its id."""

from uuid import UUID

from django.core.management.base import CommandError

from tenants.models import Tenant


def chosen_tenant(text: str) -> Tenant:
    """Return the tenant of a slug or an id. Raises CommandError when there is none."""
    try:
        found = Tenant.objects.filter(id=UUID(text)).first()
    except ValueError:
        found = Tenant.objects.filter(slug=text).first()
    if found is None:
        raise CommandError(f"no tenant is called {text}")
    return found
