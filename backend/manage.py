#!/usr/bin/env python3
"""Runs the operator's commands: ``manage.py help`` lists them."""

import sys


def main() -> int:
    """Run one command; each wrong setting is a line on standard error; exit status 2."""
    from django.core.management import execute_from_command_line

    from foundation.env import EnvironmentMistake, use_settings

    use_settings("coditect_license.settings")
    try:
        execute_from_command_line(sys.argv)
    except EnvironmentMistake as mistake:
        sys.stderr.writelines(f"error: {line}\n" for line in str(mistake).splitlines())
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
