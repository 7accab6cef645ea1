"""What no production server may start with, as rules over values.

``production.py`` applies them to the environment before a setting is read, ``checks.py`` to the
settings as they stand, whoever made them. Nothing said here repeats a secret.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

SHORTEST_SECRET: Final = 50  # Django's own check, security.W009
_FEWEST_CHARACTERS: Final = 5
_SAMPLES: Final = (
    "insecure",
    "changeme",
    "change-me",
    "change_me",
    "replace-me",
    "example",
    "xxxx",
)
_PEPPER: Final = re.compile(r"[0-9a-fA-F]{64,}")
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*")


def mistake_of_secret(secret: str) -> str | None:
    """Return what is wrong with Django's secret key, or None."""
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < _FEWEST_CHARACTERS:
        return f"must be {SHORTEST_SECRET} random characters or more"
    if any(sample in secret.lower() for sample in _SAMPLES):
        return "must be random: this one is a sample"
    return None


def mistake_of_pepper(digits: str) -> str | None:
    """Return what is wrong with a pepper, given as hexadecimal digits, or None."""
    if _PEPPER.fullmatch(digits) is None:
        return "must be 64 hexadecimal digits or more"
    if len(set(digits.lower())) < _FEWEST_CHARACTERS:
        return "must be random: this one is a sample"
    return None


def mistake_of_issuer(issuer: str) -> str | None:
    """Return what is wrong with the address that tokens name as their issuer, or None."""
    parts = urlsplit(issuer)
    is_plain = not (parts.query or parts.fragment or parts.username or issuer.endswith("/"))
    if parts.scheme != "https" or not parts.hostname or not is_plain:
        return "must be https://host, without a slash at the end"
    return None


def mistake_of_hosts(hosts: Iterable[str]) -> str | None:
    """Return what is wrong with the hosts that are served, or None."""
    named = list(hosts)
    if not named:
        return "must be set"
    if any("*" in host or host.startswith(".") for host in named):
        return "must name hosts, not * and not a whole domain"
    return None


def mistake_of_origin(origin: str) -> str | None:
    """Return what is wrong with an origin whose pages may read answers, or None."""
    parts = urlsplit(origin)
    if parts.scheme != "https" or _HOST.fullmatch(parts.hostname or "") is None:
        return "must be https://host"
    if origin not in {f"https://{parts.hostname}", f"https://{parts.netloc}"} or "@" in origin:
        return "must be https://host, without a path"
    return None


def mistake_of_admin_host(host: str, others: Iterable[str]) -> str | None:
    """Return what is wrong with the host name of the staff's pages, or None."""
    if _HOST.fullmatch(host) is None:
        return "must be one host name in small letters"
    if host in others:
        return "must be a host name of its own"
    return None
