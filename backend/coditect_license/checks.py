"""What must not be so when a server starts: system checks over the settings as they stand.

=====================  =====================================================================
coditect_license.E001  Django's secret key is short, a sample, or the pepper too
coditect_license.E002  DEBUG is on: strangers would read settings and source
coditect_license.E003  a wildcard among the hosts that are served
coditect_license.E004  the issuer of tokens is no https address
coditect_license.E005  the ledger is SQLite, which is one process's on one machine
coditect_license.E006  a pepper is short or a sample
coditect_license.E007  the staff's pages are on the public host name
coditect_license.E008  an origin that may read answers is no exact https origin
signing.E001           the root key is a file
identity.E001          a development issuer is trusted (reads the database)
=====================  =====================================================================

Outside the embedded profile all of them hold; within it E002 does, and E005 for many processes.
``manage.py`` runs them before a command, and a server before it serves (``require_safe_start``).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.db import DatabaseError, connection

from coditect_license.unsafe import (
    mistake_of_admin_host,
    mistake_of_hosts,
    mistake_of_issuer,
    mistake_of_origin,
    mistake_of_pepper,
    mistake_of_secret,
)
from tenants.wiring import SERVING

_SQLITE: Final = "leasing.stores.gated_sqlite"


class UnsafeStart(Exception):
    """The settings or the database are not safe to serve with; a line for each reason."""


def require_safe_start() -> None:
    """Raise UnsafeStart unless every system check passes, those of serving too. Reads the database.

    For servers that no management command has started: it has run the same checks.
    """
    try:
        found = run_checks(databases=["default"])
        found += run_checks(tags=[SERVING], include_deployment_checks=True, databases=["default"])
    except DatabaseError as error:
        raise UnsafeStart(f"the database cannot be asked: {type(error).__name__}") from error
    finally:
        connection.close()  # whoever reads later, in another thread, opens one for the moment
    serious = [one for one in found if one.is_serious()]
    if serious:
        raise UnsafeStart("; ".join(f"{one.id}: {one.msg}" for one in serious))


@register()
def settings_are_safe(**_: Any) -> Sequence[CheckMessage]:
    """Return an error for each setting that undoes the rest."""
    return [*_everywhere(settings), *(() if settings.EMBEDDED else _in_production(settings))]


def _everywhere(of: Any) -> Iterator[CheckMessage]:
    if of.DEBUG:
        yield _error("E002", "DEBUG is on", "leave it off: the log has every traceback")
    if of.LICENSE_PROCESSES > 1 and _is_sqlite(of):
        said = f"{of.LICENSE_PROCESSES} processes (WEB_CONCURRENCY) on one SQLite file"
        yield _error("E005", said, "set LICENSE_DATABASE_URL to a PostgreSQL")


def _in_production(of: Any) -> Iterator[CheckMessage]:
    peppers = {pepper.hex() for pepper in of.LICENSE_KEY_PEPPERS.values()}
    yield from _said("E001", "SECRET_KEY", mistake_of_secret(of.SECRET_KEY))
    if of.SECRET_KEY.lower() in peppers:
        yield _error("E001", "SECRET_KEY is the pepper too", "make each secret anew")
    yield from _said("E003", "ALLOWED_HOSTS", mistake_of_hosts(of.ALLOWED_HOSTS))
    yield from _said("E004", "LICENSE_ISSUER", mistake_of_issuer(of.LICENSE_ISSUER))
    if _is_sqlite(of):
        yield _error("E005", "the ledger is SQLite", "set LICENSE_DATABASE_URL to a PostgreSQL")
    for pepper in peppers:
        yield from _said("E006", "a pepper", mistake_of_pepper(pepper))
    if of.LICENSE_ADMIN_HOST:
        mistake = mistake_of_admin_host(of.LICENSE_ADMIN_HOST, of.LICENSE_PUBLIC_HOSTS)
        yield from _said("E007", "LICENSE_ADMIN_HOST", mistake)
    yield from _origins(of.CORS_ALLOWED_ORIGINS)


def _origins(origins: Iterable[str]) -> Iterator[CheckMessage]:
    for origin in origins:
        yield from _said("E008", f"LICENSE_CORS_ORIGINS: {origin}", mistake_of_origin(origin))


def _is_sqlite(of: Any) -> bool:
    return bool(of.DATABASES["default"]["ENGINE"] == _SQLITE)


def _said(number: str, name: str, mistake: str | None) -> Iterator[CheckMessage]:
    if mistake is not None:
        yield _error(number, f"{name} {mistake}", "docs/how-to/deploy-settings.md")


def _error(number: str, said: str, hint: str) -> CheckMessage:
    return Error(said, hint=hint, id=f"coditect_license.{number}")
