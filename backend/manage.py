#!/usr/bin/env python3
"""Runs the operator's commands: ``manage.py help`` lists them."""

import sys


def main() -> int:
    """Run one command; a wrong setting is one line on standard error and exit status 2."""
    from django.core.management import execute_from_command_line

    from foundation.env import EnvironmentMistake, use_settings

    use_settings("coditect_license.settings")
    try:
        execute_from_command_line(sys.argv)
    except EnvironmentMistake as mistake:
        sys.stderr.write(f"error: {mistake}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
