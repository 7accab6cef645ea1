"""What must not be so when the server starts."""

from collections.abc import Sequence

from django.core.checks import CheckMessage, Error

from identity.issuers import DEVELOPMENT_SUFFIX
from identity.models import TrustedIssuer


def development_issuer_is_not_trusted(*, embedded: bool) -> Sequence[CheckMessage]:
    """Return an error (identity.E001) for each development issuer trusted outside ``embedded``.

    Whoever reads its key file would be the owner of every tenant. Reads the database.
    """
    if embedded:
        return []
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
