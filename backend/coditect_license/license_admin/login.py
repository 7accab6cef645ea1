"""Who runs a command, for the audit trail."""

import os
import pwd

from foundation import env

_ROOT = 0


def operator() -> str:
    """Return ``operator:<login>`` of the person at the keyboard; behind sudo that is not root.

    It says who the operating system thinks it is. Root can claim to be anybody.
    """
    number = os.getuid()
    behind = env.text("SUDO_UID", str(number))
    if number == _ROOT and behind.isdigit():
        number = int(behind)
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # in a container numbers often have no name
        name = f"uid-{number}"
    return f"operator:{name}"
