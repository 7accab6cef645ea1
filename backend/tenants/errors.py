"""What goes wrong at the walls.

::

    TenantsError
    ├── NoCurrentTenant      code asked for a tenant's rows where no tenant was set
    ├── TenantAlreadySet     a transaction of one tenant was begun within another's
    └── InsideTransaction    a transaction of a tenant was begun within a transaction of nobody's
"""


class TenantsError(Exception):
    """The base of everything this room raises on purpose."""


class NoCurrentTenant(TenantsError):
    """Rows of a tenant were asked for outside :func:`tenants.current.tenant_transaction`."""


class TenantAlreadySet(TenantsError):
    """A transaction works for one tenant; another one's begins after its end."""


class InsideTransaction(TenantsError):
    """What was written before would be committed with what a tenant writes, outside its walls."""
