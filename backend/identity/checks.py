"""What must not be so when the server starts."""

from collections.abc import Sequence
from typing import Final

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as Doubt
from django.db import connection

from identity.issuers import DEVELOPMENT_SUFFIX
from identity.models import TrustedIssuer
from identity.presets import Preset

_TABLE: Final = "trusted_issuer"


def development_issuer_is_not_trusted(*, embedded: bool) -> Sequence[CheckMessage]:
    """Return an error (identity.E001) for each development issuer trusted outside ``embedded``.

    Whoever reads its key file would be the owner of every tenant. Reads the database.
    """
    if embedded or _TABLE not in connection.introspection.table_names():
        return []  # a database before its first migration trusts nobody
    rows = TrustedIssuer.objects.filter(enabled=True, issuer__endswith=DEVELOPMENT_SUFFIX)
    return [
        Error(
            f"the development issuer {row.issuer} is trusted",
            hint="disable its row in trusted_issuer; it is for LICENSE_PROFILE=embedded only",
            obj=row,
            id="identity.E001",
        )
        for row in rows
    ]


def identity_platform_is_of_the_project(*, project: str) -> Sequence[CheckMessage]:
    """Return a warning (identity.W001) for each trusted Identity Platform of another project.

    ``project`` is the setting GOOGLE_PROJECT_ID; without it nothing is compared. Reads the
    database.
    """
    if not project or _TABLE not in connection.introspection.table_names():
        return []
    rows = TrustedIssuer.objects.filter(enabled=True, preset=Preset.IDENTITY_PLATFORM.value)
    return [
        Doubt(
            f"the users of {row.audience} are trusted, and GOOGLE_PROJECT_ID is {project}",
            hint=f"manage.py trusted_issuer disable {row.pk}, or correct the setting",
            obj=row,
            id="identity.W001",
        )
        for row in rows.exclude(audience=project)
    ]
