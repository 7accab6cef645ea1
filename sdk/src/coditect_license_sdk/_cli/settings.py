"""The settings every command shares, and the client they make."""

import argparse
from pathlib import Path
from typing import Any

from coditect_license_sdk import _options
from coditect_license_sdk._client import LicenseClient
from coditect_license_sdk._hardware import hardware_id
from coditect_license_sdk.errors import ConfigurationError


def settings_parser() -> argparse.ArgumentParser:
    """Describe the settings that commands inherit.

    Secrets are named by file or environment: a command line can be read by every user.
    """
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("settings (default: the environment, CODITECT_LICENSE_…)")
    group.add_argument("--url", help="the license server (…_URL)")
    group.add_argument("--license-key-file", help="file with the license key (…_KEY, …_KEY_FILE)")
    group.add_argument("--token-file", help="file with a bearer JWT (…_TOKEN, …_TOKEN_FILE)")
    group.add_argument("--roots", help="PEM file with the pinned root keys (…_ROOTS)")
    group.add_argument("--audience", help="the product a lease must be for")
    group.add_argument("--issuer", help="the server that must have signed")
    group.add_argument("--hardware-id", help="what names this device (…_HARDWARE_ID)")
    group.add_argument("--cache", help="folder for the kept lease (…_CACHE)")
    group.add_argument("--proxy", help="URL of a proxy (HTTPS_PROXY)")
    group.add_argument("--ca-file", help="PEM file with TLS roots (SSL_CERT_FILE)")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="for each request (10)")
    return parser


def make_client(chosen: argparse.Namespace, **more: Any) -> LicenseClient:
    """Make a client of the settings; raises ConfigurationError."""
    settings: dict[str, Any] = {
        "license_key": _secret(chosen.license_key_file),
        "token": _secret(chosen.token_file),
        "roots": chosen.roots,
        "audience": chosen.audience,
        "issuer": chosen.issuer,
        "hardware_id": device_id(chosen),
        "cache_dir": cache_folder(chosen),
        "proxy": chosen.proxy,
        "ca_file": chosen.ca_file,
        "timeout_seconds": chosen.timeout or _options.DEFAULT_TIMEOUT_SECONDS,
    }
    return LicenseClient(chosen.url, **(settings | more))


def cache_folder(chosen: argparse.Namespace) -> Path:
    """Name the folder where leases and seat files are kept."""
    return Path(chosen.cache) if chosen.cache else _options.default_cache_dir()


def named_device(chosen: argparse.Namespace) -> str | None:
    """Give the id of the device that the settings name, or None."""
    return chosen.hardware_id or _options.setting("HARDWARE_ID")


def device_id(chosen: argparse.Namespace) -> str:
    """Give the id of this device: named, or derived from the machine."""
    return named_device(chosen) or hardware_id(cache_folder(chosen))


def _secret(file: str | None) -> str | None:
    if file is None:
        return None
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the secret file {file} cannot be read") from error
