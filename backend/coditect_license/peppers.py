"""The peppers of stored license keys and API tokens, from the environment."""

import re
from typing import Final

from foundation import env
from foundation.env import EnvironmentMistake

VERSIONS: Final = range(1, 10)
_PEPPER: Final = re.compile(r"[0-9a-fA-F]{64,}")


def peppers_from_environment() -> dict[int, bytes]:
    """Return what ``LICENSE_KEY_PEPPER_1`` to ``_9`` hold, by version; empty when none is set.

    To replace a pepper, set the next version beside it: new keys and tokens take the highest, and
    older ones are found until their pepper is taken away. Raises EnvironmentMistake for one that is
    not 64 hexadecimal digits or more; its text is never quoted.
    """
    found = {version: env.secret(name_of(version)) for version in VERSIONS}
    return {version: _bytes(version, text) for version, text in found.items() if text}


def name_of(version: int) -> str:
    """Return the variable that holds a version."""
    return f"LICENSE_KEY_PEPPER_{version}"


def _bytes(version: int, text: str) -> bytes:
    if _PEPPER.fullmatch(text) is None or len(text) % 2:
        raise EnvironmentMistake(
            f"{name_of(version)} must be hexadecimal digits, 64 or more, an even number of them"
        )
    return bytes.fromhex(text)
