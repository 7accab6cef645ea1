"""What goes wrong at the walls.

::

    TenantsError
    └── NoCurrentTenant   code asked for a tenant's rows where no tenant was set
"""


class TenantsError(Exception):
    """The base of everything this room raises on purpose."""


class NoCurrentTenant(TenantsError):
    """Rows of a tenant were asked for outside :func:`tenants.current.tenant_transaction`."""
