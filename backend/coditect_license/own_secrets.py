"""The secrets of this process, by their value, so that no log line can hold one."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from django.conf import settings

from foundation.redaction import Redactor


def redactor_from_settings() -> Redactor:
    """Return what takes the secrets that the settings hold out of every log line."""
    return Redactor(_secrets())


def _secrets() -> Iterator[str | None]:
    yield settings.SECRET_KEY
    for pepper in settings.LICENSE_KEY_PEPPERS.values():
        yield pepper.hex()
        yield repr(pepper)[2:-1]
    yield from (settings.LICENSE_AUDIT_KEY or "").splitlines()
    yield str(settings.DATABASES["default"].get("PASSWORD") or "")
    for url in (settings.LICENSE_DATABASE_URL, settings.LICENSE_LEASING_DATABASE_URL):
        yield from _password(url)
    if settings.LICENSE_REDIS is not None:
        yield settings.LICENSE_REDIS.password


def _password(url: str | None) -> Iterator[str]:
    password = urlsplit(url).password if url else None
    if password:
        yield password
        yield unquote(password)
