"""Telling one message: a program of the operator's takes it on its standard input."""

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from coditect_license.license_admin.errors import AdminError
from foundation import env

LONGEST_SECONDS: Final = 60


def words_of(command: str) -> list[str]:
    """Return a command's words, as a shell would split them. Raises AdminError for none."""
    try:
        words = shlex.split(command)
    except ValueError as mistake:
        raise AdminError(f"--command: {mistake}") from mistake
    if not words:
        raise AdminError("--command: no program is named")
    return words


def tell(words: Sequence[str], message: Mapping[str, Any]) -> str | None:
    """Run a program with a message as one line of JSON; return why it was not told, or None.

    The program says by exit status 0 that the message is delivered. It has 60 seconds, no shell,
    and none of this server's settings, which hold secrets. What it prints is the operator's to read
    and not this program's answer. Raises AdminError when it cannot be started at all.
    """
    try:
        done = subprocess.run(  # noqa: S603  the operator's own program, no shell
            words,
            input=f"{json.dumps(message)}\n".encode(),
            stdout=subprocess.DEVNULL,
            timeout=LONGEST_SECONDS,
            env=env.without_settings(),
            check=False,
        )
    except OSError as error:
        raise AdminError(f"cannot run {words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired:
        return f"no end after {LONGEST_SECONDS} s"
    return None if done.returncode == 0 else f"exit status {done.returncode}"
