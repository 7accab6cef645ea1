"""What a client was told: arguments first, then the environment, checked once.

| argument | environment |
|---|---|
| `base_url` | CODITECT_LICENSE_URL |
| `license_key` | CODITECT_LICENSE_KEY, or the file CODITECT_LICENSE_KEY_FILE names |
| `token` | CODITECT_LICENSE_TOKEN, or CODITECT_LICENSE_TOKEN_FILE, read anew for every request |
| `roots` | CODITECT_LICENSE_ROOTS: path of a PEM file |
| `hardware_id` | CODITECT_LICENSE_HARDWARE_ID |
| `cache_dir` | CODITECT_LICENSE_CACHE |

HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR are honoured as everywhere.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from coditect_license_sdk.errors import ConfigurationError, NotAuthorized

if TYPE_CHECKING:
    from coditect_license_token import Roots

TokenSource = str | Callable[[], str]

DEFAULT_TIMEOUT_SECONDS: Final = 10.0
MAX_METADATA_BYTES: Final = 4096  # design/contract.md
_PRINTABLE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")  # no space at either end
_HEADER_SAFE: Final = re.compile(r"[!-~]{1,8192}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything a client was told, checked. `instance_id` None: a fresh one per process."""

    base_url: str
    license_key: str
    token: TokenSource | None
    roots: "Roots | Path | str | bytes | None"
    audience: str | None
    issuer: str | None
    hardware_id: str
    instance_id: str | None
    timeout_seconds: float
    proxy: str | None
    ca_file: str | None
    cache_dir: Path
    offline_ok: bool
    metadata: Mapping[str, object]

    def authorization(self) -> str:
        """Give the Authorization header: the token if any, else the key.

        Asks a token source anew each time. Raises NotAuthorized when it fails.
        """
        if self.token is None:
            return f"License {self.license_key}"
        return f"Bearer {_require_token(_ask(self.token))}"


def setting(name: str) -> str | None:
    """Read CODITECT_LICENSE_<name>; empty counts as absent."""
    return os.environ.get(f"CODITECT_LICENSE_{name}", "").strip() or None


def secret_setting(name: str) -> str | None:
    """Read a secret from its variable, or from the file <variable>_FILE names.

    Raises ConfigurationError when the file cannot be read.
    """
    file = setting(f"{name}_FILE")
    return setting(name) or (_read_secret(file) if file else None)


def token_setting() -> TokenSource | None:
    """Give the environment's token; a file is read anew for each request."""
    file = setting("TOKEN_FILE")
    return setting("TOKEN") or ((lambda: _read_secret(file)) if file else None)


def require_url(base_url: str | None) -> str:
    """Check the server's address, or raise ConfigurationError."""
    if not base_url:
        raise ConfigurationError("no server: pass base_url= or set CODITECT_LICENSE_URL")
    try:
        parts = urlsplit(base_url)
    except ValueError as error:
        raise ConfigurationError(f"not an address of a server: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("the server's address must begin with https:// (or http://)")
    if parts.query or parts.fragment or parts.username:
        raise ConfigurationError("the server's address has no query, fragment or user")
    return base_url.rstrip("/")


def require_license_key(license_key: str | None) -> str:
    """Check that a license key can be sent, or raise ConfigurationError."""
    if not license_key:
        raise ConfigurationError("no license key: pass license_key= or set CODITECT_LICENSE_KEY")
    return _require_printable(license_key, "the license key")


def require_device(hardware_id: str) -> str:
    """Check an id of a device, or raise ConfigurationError."""
    return _require_printable(hardware_id, "hardware_id")


def require_instance(instance_id: str | None) -> str | None:
    """Check an id of a program if given, or raise ConfigurationError."""
    if instance_id is None:
        return None
    return _require_printable(instance_id, "instance_id", max_characters=128)


def require_metadata(metadata: Mapping[str, object] | None) -> dict[str, object]:
    """Check that metadata can be sent, or raise ConfigurationError."""
    try:
        text = json.dumps(dict(metadata or {}), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"the metadata is not JSON: {error}") from error
    if len(text) > MAX_METADATA_BYTES:
        raise ConfigurationError(f"the metadata is more than {MAX_METADATA_BYTES} bytes as JSON")
    return dict(json.loads(text))


def require_timeout(seconds: float) -> float:
    """Check a time limit, or raise ConfigurationError."""
    if not 0 < seconds <= 600:
        raise ConfigurationError("timeout_seconds is more than 0 and at most 600")
    return float(seconds)


def fresh_instance_id() -> str:
    """Name one program: random, so two of one device share the seat."""
    return os.urandom(8).hex()


def default_cache_dir() -> Path:
    """Name the user's cache folder for leases."""
    named = setting("CACHE")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("coditect-license", appauthor=False)


def _require_printable(value: str, name: str, *, max_characters: int = 256) -> str:
    if len(value) > max_characters or not _PRINTABLE.fullmatch(value):
        raise ConfigurationError(
            f"{name} is 1 to {max_characters} printable ASCII characters, no space at either end"
        )
    return value


def _ask(source: TokenSource) -> str:
    if isinstance(source, str):
        return source
    try:
        return source()
    except Exception as error:  # the program's own code
        raise NotAuthorized(f"the token source failed: {type(error).__name__}") from error


def _require_token(token: str) -> str:
    stripped = str(token).strip()
    if not _HEADER_SAFE.fullmatch(stripped):
        raise NotAuthorized("the token source gave no usable token")
    return stripped


def _read_secret(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the secret file {file} cannot be read") from error
