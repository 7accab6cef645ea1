"""How the settings of logs and traces are read."""

import re
from importlib.machinery import PathFinder
from typing import Final

from coditect_license.identity_settings import project_id
from foundation import env
from foundation.env import EnvironmentMistake
from foundation.logs import OURS

LEVEL: Final = "LICENSE_LOG_LEVEL"
LEVELS: Final = "LICENSE_LOG_LEVELS"
PROJECT: Final = "LICENSE_LOG_PROJECT"
TRACES_ENDPOINT: Final = "LICENSE_TRACES_ENDPOINT"
_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~/-]*)?")
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def log_levels() -> dict[str, str]:
    """Return the lowest severity that is written, by module; for all others under an empty name.

    Raises EnvironmentMistake for a word that is no level, and for a module that is not there: a
    slip of the pen would keep silent what one wants to hear.
    """
    levels = {"": _level(LEVEL, env.text(LEVEL, "INFO"))}
    for part in env.listing(LEVELS, []):
        module, _, level = (word.strip() for word in part.partition("="))
        if module in levels or not module:
            raise EnvironmentMistake(f"{LEVELS}: {part!r} must be module=LEVEL, each module once")
        if not _is_module(module):
            raise EnvironmentMistake(f"{LEVELS}: there is no module {module!r}")
        levels[module] = _level(LEVELS, level)
    return levels


def log_project() -> str:
    """Return whose traces the log lines belong to, or an empty text. Raises EnvironmentMistake."""
    return project_id(PROJECT)


def traces_endpoint() -> str:
    """Return where spans are sent by OTLP over HTTP, or an empty text. Raises EnvironmentMistake.

    A password has no place in an address: ``OTEL_EXPORTER_OTLP_HEADERS`` is for credentials.
    """
    endpoint = env.text(TRACES_ENDPOINT, "")
    if endpoint and _ENDPOINT.fullmatch(endpoint) is None:
        raise EnvironmentMistake(f"{TRACES_ENDPOINT} must be http(s)://host:port/v1/traces")
    return endpoint


def _level(variable: str, word: str) -> str:
    level = word.upper()
    if level not in _LEVELS:
        raise EnvironmentMistake(f"{variable}: {word!r} must be one of {', '.join(_LEVELS)}")
    return level


def _is_module(name: str) -> bool:
    """Tell whether a module is there, without importing it; of others' loggers the first part.

    Their loggers need not be named after modules.
    """
    room, *parts = name.split(".")
    if not room.isidentifier():
        return False
    found = PathFinder.find_spec(room)
    for part in parts if room in OURS else ():
        if found is None or found.submodule_search_locations is None:
            return False
        found = PathFinder.find_spec(f"{found.name}.{part}", found.submodule_search_locations)
    return found is not None
