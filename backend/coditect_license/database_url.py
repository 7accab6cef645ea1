"""PostgreSQL as Django's database, from one address in libpq's form."""

from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from foundation.env import EnvironmentMistake

_FORM: Final = "postgresql://user:password@host:port/name?parameter=value"
_SCHEMES: Final = ("postgresql://", "postgres://")  # what libpq takes for an address
_HIGHEST_PORT: Final = 65_535


def postgresql_database(url: str, *, variable: str) -> dict[str, Any]:
    """Return the entry of Django's DATABASES for an address.

    The form is libpq's: several hosts with commas, a socket's folder as ``?host=``, any of its
    parameters after the question mark. Raises EnvironmentMistake that names ``variable`` and shows
    no part of the address, since any part may belong to a password that was not percent-encoded.
    """
    return database_entry(_parameters(url, variable))


def database_entry(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of Django's DATABASES for libpq's parameters, which name a database."""
    parameters = dict(parameters)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parameters.pop("dbname"),
        "USER": parameters.pop("user", ""),
        "PASSWORD": parameters.pop("password", ""),
        "HOST": parameters.pop("host", ""),
        "PORT": parameters.pop("port", ""),
        # Under ASGI each request has a thread of its own, so a connection kept would never be
        # found again and never be closed (Django's notes on databases, persistent connections).
        "CONN_MAX_AGE": 0,
        # Both belong to one connection; pgbouncer in transaction mode changes it under a client.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**parameters, "prepare_threshold": None},
    }


def address_beside(url: str | None, *, variable: str, default: str | None) -> str | None:
    """Return the address that a login of its own goes by, which is ``default`` where there is none.

    None is SQLite. Raises EnvironmentMistake as above, and for an address on PostgreSQL when the
    ledger is not there. That both name one database is not checked: a pooler
    may go by another name for each.
    """
    if not url:
        return default
    if not default:
        raise EnvironmentMistake(f"{variable} is set and LICENSE_DATABASE_URL is not")
    _parameters(url, variable)
    return url


def _parameters(url: str, variable: str) -> dict[str, Any]:
    if not url.startswith(_SCHEMES):
        raise EnvironmentMistake(f"{variable} must be {_FORM}")
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its text quotes the address
        raise EnvironmentMistake(
            f"{variable} must be {_FORM}, with special characters percent-encoded "
            "and with libpq's parameters only"
        ) from None
    if not parameters.get("dbname"):
        raise EnvironmentMistake(f"{variable} names no database: {_FORM}")
    if not all(_is_port(port) for port in str(parameters.get("port", "")).split(",")):
        raise EnvironmentMistake(f"{variable} has a port that is none: {_FORM}")
    return parameters


def _is_port(text: str) -> bool:
    """Return whether libpq takes this for a port; an empty one is its default."""
    if not text:
        return True
    return text.isascii() and text.isdigit() and 1 <= int(text) <= _HIGHEST_PORT
