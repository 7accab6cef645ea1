"""The walls put together from the settings: the only file of this room that reads them."""

from collections.abc import Sequence
from typing import Any, Final

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import connection

from tenants.checks import (
    every_table_has_walls,
    login_may_act_for_tenants,
    login_stands_below_the_walls,
)

SERVING: Final = "serving"
"""The tag of what is checked before a server takes requests; ``migrate`` needs what they refuse."""


@register(SERVING, deploy=True)
def check_walls(*, databases: Sequence[str] | None = None, **_: Any) -> Sequence[CheckMessage]:
    """Run the checks of the walls: ``manage.py check --deploy --database default``."""
    if not databases or connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        found = [*login_may_act_for_tenants(cursor), *every_table_has_walls(cursor)]
        if not settings.EMBEDDED:
            found += login_stands_below_the_walls(cursor, "LICENSE_DATABASE_URL")
    return found if settings.EMBEDDED else [*found, *_leasing_login()]


def _leasing_login() -> Sequence[CheckMessage]:
    """Return what is wrong with the login of the leasing plane, where it has one of its own."""
    url = settings.LICENSE_LEASING_DATABASE_URL
    if url is None or url == settings.LICENSE_DATABASE_URL:
        return []
    variable = "LICENSE_LEASING_DATABASE_URL"
    try:
        with psycopg.connect(url, connect_timeout=5) as leasing, leasing.cursor() as cursor:
            return login_stands_below_the_walls(cursor, variable, leases=True)
    except psycopg.OperationalError:  # its text may show parts of the address
        return [Error(f"the database in {variable} cannot be reached", id="tenants.E004")]
