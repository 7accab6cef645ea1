"""Typed readers of the environment: the one place that looks at it.

A wrong value is an :class:`EnvironmentMistake` that names the variable, so the
process refuses to start with one clear line. A secret may come from a file:
``NAME_FILE`` holds its path.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_OURS: Final = ("LICENSE_", "DJANGO_", "CLOUD_KMS_", "GOOGLE_")
_MOST_DIGITS: Final = 20  # Python refuses to read thousands of them as a number


class EnvironmentMistake(Exception):
    """A setting is missing or cannot be read; the message names the variable."""


def text(name: str, default: str | None = None) -> str:
    """Return a variable's text, or the default when it is unset or empty.

    Raises EnvironmentMistake when it is unset and there is no default.
    """
    value = os.environ.get(name, "") or default
    if value is None:
        raise EnvironmentMistake(f"{name} must be set")
    return value


def boolean(name: str, *, default: bool) -> bool:
    """Return a variable as a boolean: 1/true/yes/on or 0/false/no/off, in any case."""
    value = os.environ.get(name, "").lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise EnvironmentMistake(f"{name} must be true or false, not {value!r}")


def integer(name: str, default: int, *, lowest: int, highest: int) -> int:
    """Return a variable as a whole number between two bounds, both included."""
    value = os.environ.get(name, "")
    if not value:
        return default
    is_short = len(value) <= _MOST_DIGITS
    if not (is_short and value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
        raise EnvironmentMistake(f"{name} must be a whole number from {lowest} to {highest}")
    return int(value)


def listing(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated variable as a list without empty members."""
    value = os.environ.get(name, "")
    return [part.strip() for part in value.split(",") if part.strip()] if value else default


def secret(name: str) -> str | None:
    """Return a secret from ``NAME``, or from the file that ``NAME_FILE`` names, or None.

    Raises EnvironmentMistake when the file cannot be read.
    """
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return os.environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise EnvironmentMistake(f"{name}_FILE: cannot read {path}: {error.strerror}") from error


def existing_file(name: str) -> Path | None:
    """Return the path that a variable names, or None when it is unset or empty.

    Raises EnvironmentMistake when no file is there.
    """
    value = os.environ.get(name, "")
    if value and not Path(value).is_file():
        raise EnvironmentMistake(f"{name}: there is no file {value}")
    return Path(value) if value else None


def use_settings(module: str) -> None:
    """Name Django's settings module unless the environment names one already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)


def without_settings() -> dict[str, str]:
    """Return this process's environment without the settings of this program, for a stranger.

    They hold secrets. What is left are the machine's and the caller's own.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def set_variables(values: Mapping[str, str]) -> None:
    """Set variables of this process, for settings that are read later."""
    os.environ.update(values)


def for_child(**more: str) -> dict[str, str]:
    """Return this process's environment with some settings more, for a child process."""
    return {**os.environ, **more}
