"""Where Valkey is, from three settings; a wrong one refuses to start and shows no secret."""

import ssl
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

from foundation.env import EnvironmentMistake

URL: Final = "LICENSE_REDIS_URL"
PASSWORD: Final = "LICENSE_REDIS_PASSWORD"  # noqa: S105  the name of a setting
CA_FILE: Final = "LICENSE_REDIS_CA_FILE"

_FORM: Final = "rediss://user:password@host:port/number or redis://…"
_PORTS: Final = {"redis": 6379, "rediss": 6378}  # 6378: Memorystore's port for TLS


class Address(Struct, frozen=True):
    """Where and as whom to connect. ``ca_file`` is None for the system's own authorities."""

    host: str
    port: int
    database: int
    is_tls: bool
    username: str | None
    password: str | None
    ca_file: str | None

    def __repr__(self) -> str:
        """Show no password."""
        return f"{'rediss' if self.is_tls else 'redis'}://{self.host}:{self.port}/{self.database}"

    __str__ = __repr__


def address_if_set(url: str | None, *, password: str | None, ca_file: str | None) -> Address | None:
    """Return the address, or None where none is set. Raises EnvironmentMistake."""
    if url:
        return read_address(url, password=password, ca_file=ca_file)
    for name, value in ((PASSWORD, password), (CA_FILE, ca_file)):
        if value:
            raise EnvironmentMistake(f"{name} is set, but {URL} is not")
    return None


def read_address(url: str, *, password: str | None, ca_file: str | None) -> Address:
    """Return the address that the settings name.

    Raises EnvironmentMistake. Does not connect: a Valkey that is away is no mistake.
    """
    parts = _parts(url)
    if password and parts.password:
        raise EnvironmentMistake(f"{PASSWORD} is set and {URL} has a password too: keep one")
    is_tls = parts.scheme == "rediss"
    if ca_file is not None:
        _check_authorities(ca_file, is_tls=is_tls)
    return Address(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        database=_database(parts.path),
        is_tls=is_tls,
        username=unquote(parts.username) if parts.username else None,
        password=password or (unquote(parts.password) if parts.password else None),
        ca_file=ca_file,
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:  # its text quotes the address
        is_whole = False
    if not is_whole:
        raise EnvironmentMistake(f"{URL} must be {_FORM}, special characters percent-encoded")
    if parts.query or parts.fragment:
        raise EnvironmentMistake(f"{URL} takes no parameters: {_FORM}")
    return parts


def _database(path: str) -> int:
    number = path.removeprefix("/") or "0"
    if not number.isascii() or not number.isdigit():
        raise EnvironmentMistake(f"{URL} names a database that is no number: {_FORM}")
    return int(number)


def _check_authorities(ca_file: str, *, is_tls: bool) -> None:
    if not is_tls:
        raise EnvironmentMistake(f"{CA_FILE} is set, but {URL} is not rediss://")
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or error
        raise EnvironmentMistake(f"{CA_FILE}: cannot read {ca_file}: {reason}") from error
