"""``python -m monitoring.command_judge``: says which command lines this product would not take.

A process of its own, because Django is set up in it. Lines come as a JSON list of word lists on
standard input, of ``manage.py`` or ``license-admin``; those refused go out, with the reason.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO

import django
from django.core.management import get_commands, load_command_class
from django.core.management.base import CommandError


def main() -> int:
    """Judge every line; nothing is run."""
    django.setup()
    refused = [[line, said] for line in json.load(sys.stdin) if (said := _complaint(line))]
    json.dump(refused, sys.stdout)
    return 0


def _complaint(line: Sequence[str]) -> str:
    said = StringIO()
    with redirect_stderr(said):
        try:
            _parse(line)
        except (SystemExit, CommandError, KeyError) as refused:
            return said.getvalue() or repr(refused)
    return ""


def _parse(line: Sequence[str]) -> None:
    program, *words = line
    if program == "license-admin":
        _license_admin().parse_args(words)
        return
    command = load_command_class(get_commands()[words[0]], words[0])
    command.create_parser("manage.py", words[0]).parse_args(words[1:])


def _license_admin() -> argparse.ArgumentParser:
    from coditect_license.license_admin import nouns  # noqa: PLC0415  Django is set up first

    parser = argparse.ArgumentParser(prog="license-admin", allow_abbrev=False)
    nouns.declare(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
