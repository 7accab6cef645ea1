"""What goes wrong at the walls.

::

    TenantsError
    ├── NoCurrentTenant      code asked for a tenant's rows where no tenant was set
    ├── ForeignRow           a row of another tenant would have been written
    ├── TenantAlreadySet     a transaction of one tenant was begun within another's
    ├── TenantSlugTaken      another tenant has the slug
    └── InsideTransaction    a transaction of a tenant was begun within a transaction of nobody's
"""


class TenantsError(Exception):
    """The base of everything this room raises on purpose."""


class NoCurrentTenant(TenantsError):
    """Rows of a tenant were asked for outside :func:`tenants.current.tenant_transaction`."""


class ForeignRow(TenantsError):
    """A row was to be written on behalf of a tenant that it does not belong to, or moved to one."""


class TenantAlreadySet(TenantsError):
    """A transaction works for one tenant; another one's begins after its end."""


class TenantSlugTaken(TenantsError):
    """Slugs are unique in an installation."""


class InsideTransaction(TenantsError):
    """What was written before would be committed with what a tenant writes, outside its walls."""
